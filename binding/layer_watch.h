// Stands between the layers of a running net: stops it, and checks what the next layer would crash on.
#ifndef CAFFE_NODE_LAYER_WATCH_H_
#define CAFFE_NODE_LAYER_WATCH_H_

#include <caffe/net.hpp>
#include <set>

#include "executor.h"
#include "layer_events.h"

namespace caffe_node {

class LayerWatch {
 public:
  // `events` outlives the watch; it is told of the layers that run.
  LayerWatch(caffe::Net<float>* net, LayerEvents* events);
  LayerWatch(const LayerWatch&) = delete;
  LayerWatch& operator=(const LayerWatch&) = delete;

  void Begin(const StopFlag& stop);
  void End();
  // The layer that runs, or ran last; -1 before the first.
  int layer() const { return layer_; }

 private:
  // Caffe calls run() around each layer; `react` is what this watch does then.
  class Hook final : public caffe::Net<float>::Callback {
   public:
    using Reaction = void (LayerWatch::*)(int layer);
    Hook(LayerWatch* watch, Reaction react) : watch_(watch), react_(react) {}

   protected:
    void run(int layer) override { (watch_->*react_)(layer); }

   private:
    LayerWatch* const watch_;
    const Reaction react_;
  };

  void BeforeForward(int layer);
  void AfterForward(int layer);
  void BeforeBackward(int layer);
  void AfterBackward(int layer);
  void CheckForward(int layer);
  void CheckBackward(int layer);
  void NoteUndecidedPool(int layer);
  void Enter(int layer);

  caffe::Net<float>* const net_;
  LayerEvents* const events_;
  Hook before_forward_{this, &LayerWatch::BeforeForward};
  Hook after_forward_{this, &LayerWatch::AfterForward};
  Hook before_backward_{this, &LayerWatch::BeforeBackward};
  Hook after_backward_{this, &LayerWatch::AfterBackward};
  const StopFlag* stop_ = nullptr;
  int layer_ = -1;
  std::set<int> undecided_pools_;  // see NoteUndecidedPool
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYER_WATCH_H_
