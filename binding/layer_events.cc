#include "layer_events.h"

namespace caffe_node {

void LayerEvents::Listen(Executor* executor, const Napi::Function& listener, bool forward, bool backward) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    executor_ = executor;
  }
  listener_ = Napi::Weak(listener);
  forward_.store(forward, std::memory_order_relaxed);
  backward_.store(backward, std::memory_order_relaxed);
}

void LayerEvents::Queue(const LayerEvent& event) {
  constexpr std::size_t kMost = 4096;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (queue_.size() == kMost) queue_.pop_front();
  queue_.push_back(event);
  if (announced_) return;
  announced_ = true;
  executor_->PostToMain([self = shared_from_this()](Napi::Env env) { self->Deliver(env); });
}

void LayerEvents::Deliver(Napi::Env env) {
  std::deque<LayerEvent> events;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    events.swap(queue_);
    announced_ = false;
  }
  // Weak: the collector may have taken it with its net, while a run of that net goes on.
  if (listener_.IsEmpty()) return;
  const Napi::Function listener = listener_.Value();
  if (listener.IsEmpty()) return;
  Napi::Array values = Napi::Array::New(env, events.size() * 3);
  uint32_t next = 0;
  for (const LayerEvent& event : events) {
    values.Set(next++, event.layer);
    values.Set(next++, event.backward ? 1 : 0);
    values.Set(next++, event.after ? 1 : 0);
  }
  listener.Call({values});
}

}  // namespace caffe_node
