// Tells JavaScript of each layer that a running net enters and leaves, without letting the run wait: events are queued, and the
// oldest are dropped when the main thread does not keep up.
#ifndef CAFFE_NODE_LAYER_EVENTS_H_
#define CAFFE_NODE_LAYER_EVENTS_H_

#include <napi.h>

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>

#include "executor.h"

namespace caffe_node {

struct LayerEvent {
  int layer;
  bool backward;
  bool after;
};

class LayerEvents : public std::enable_shared_from_this<LayerEvents> {
 public:
  // ---- the main thread ---------------------------------------------------------------------------------------------------
  // `listener` is called with [layer, backward ? 1 : 0, after ? 1 : 0, …], for all events since the last call. It is not kept
  // alive here: it knows the net, which nobody could free then.
  void Listen(Executor* executor, const Napi::Function& listener, bool forward, bool backward);

  // ---- any thread ----------------------------------------------------------------------------------------------------------
  bool hears_forward() const { return forward_.load(std::memory_order_relaxed); }
  bool hears_any() const { return hears_forward() || backward_.load(std::memory_order_relaxed); }
  void Add(const LayerEvent& event) {
    const std::atomic<bool>& wanted = event.backward ? backward_ : forward_;
    if (wanted.load(std::memory_order_relaxed)) Queue(event);
  }

 private:
  void Queue(const LayerEvent& event);
  void Deliver(Napi::Env env);

  std::atomic<bool> forward_{false};
  std::atomic<bool> backward_{false};
  std::mutex mutex_;
  std::deque<LayerEvent> queue_;
  bool announced_ = false;  // Deliver is on its way
  Executor* executor_ = nullptr;
  Napi::FunctionReference listener_;  // touched, and freed, on the main thread
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYER_EVENTS_H_
