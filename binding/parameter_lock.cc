#include "parameter_lock.h"

#include <chrono>

namespace caffe_node {

bool ParameterLock::try_lock() {
  const std::lock_guard<std::mutex> guard(mutex_);
  if (held_ || !waiting_.empty()) return false;
  held_ = true;
  holder_ = std::this_thread::get_id();
  return true;
}

void ParameterLock::unlock() {
  const std::lock_guard<std::mutex> guard(mutex_);
  held_ = false;
  if (!waiting_.empty()) waiting_.front()->notify_one();
}

void ParameterLock::UnlockHere() {
  {
    const std::lock_guard<std::mutex> guard(mutex_);
    if (!held_ || holder_ != std::this_thread::get_id()) return;
  }
  unlock();
}

void ParameterLock::Wait(const StopFlag* stop) {
  // A stop flag wakes nobody: who may be stopped looks at it now and then.
  constexpr std::chrono::milliseconds kLook(20);
  std::unique_lock<std::mutex> guard(mutex_);
  std::condition_variable turn;
  const auto place = waiting_.insert(waiting_.end(), &turn);
  while (held_ || waiting_.front() != &turn) {
    if (stop == nullptr) {
      turn.wait(guard);
      continue;
    }
    turn.wait_for(guard, kLook);
    if (!stop->IsSet()) continue;
    waiting_.erase(place);
    if (!held_ && !waiting_.empty()) waiting_.front()->notify_one();
    stop->Check();
  }
  waiting_.erase(place);
  held_ = true;
  holder_ = std::this_thread::get_id();
}

}  // namespace caffe_node
