#include "main_thread.h"

#include <utility>

namespace caffe_node {

MainThread::MainThread(Napi::Env env) : env_(env) {
  const auto on_main = [](napi_env raw_env, napi_value, void* context, void*) {
    if (raw_env != nullptr) static_cast<MainThread*>(context)->Drain();
  };
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "caffe-node"), 0, 1,
                                                             nullptr, nullptr, this, on_main, &wake_);
  if (status != napi_ok) throw Napi::Error::New(env, "The way back to the main thread could not be made.");
  napi_unref_threadsafe_function(env, wake_);
}

void MainThread::Post(Body body) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (shut_) return;
  queue_.push_back(std::move(body));
  napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking);
}

void MainThread::Drain() {
  std::deque<Body> bodies;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    bodies.swap(queue_);
  }
  for (const Body& body : bodies) {
    const Napi::HandleScope scope(env_);
    try {
      body(env_);
    } catch (const Napi::Error& error) {
      napi_fatal_exception(env_, error.Value());
    }
  }
}

void MainThread::KeepAlive(bool wanted) {
  if (wanted == kept_alive_ || wake_ == nullptr) return;
  kept_alive_ = wanted;
  if (wanted) {
    napi_ref_threadsafe_function(env_, wake_);
  } else {
    napi_unref_threadsafe_function(env_, wake_);
  }
}

void MainThread::Shut() {
  std::deque<Body> dropped;  // destroyed without the lock: what a body owns may post something
  const std::lock_guard<std::mutex> lock(mutex_);
  shut_ = true;
  dropped.swap(queue_);
}

void MainThread::Close() {
  if (wake_ == nullptr) return;
  Shut();
  values_.clear();
  napi_release_threadsafe_function(std::exchange(wake_, nullptr), napi_tsfn_abort);
}

// Only objects can be referred to: the value lies in one.
KeptValue::KeptValue(std::shared_ptr<MainThread> main, const Napi::Value& value)
    : main_(std::move(main)), number_(main_->next_value_++) {
  Napi::Object holder = Napi::Object::New(main_->env());
  holder.Set("value", value);
  main_->values_.emplace(number_, Napi::Persistent(holder));
}

KeptValue::~KeptValue() {
  main_->Post([main = main_.get(), number = number_](Napi::Env) { main->values_.erase(number); });
}

Napi::Value KeptValue::Get() const {
  const auto found = main_->values_.find(number_);
  return found == main_->values_.end() ? main_->env().Undefined() : found->second.Get("value");
}

}  // namespace caffe_node
