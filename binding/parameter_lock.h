// The lock of a set of parameters: nets that share them, in whatever thread of whatever environment, run one at a time. It is
// fair: a solver that gives it back between two iterations lets a waiting net in. And who waits can be stopped.
#ifndef CAFFE_NODE_PARAMETER_LOCK_H_
#define CAFFE_NODE_PARAMETER_LOCK_H_

#include <condition_variable>
#include <list>
#include <mutex>
#include <thread>

#include "executor.h"
#include "value_changes.h"

namespace caffe_node {

// What std::lock_guard and std::scoped_lock want of a mutex.
class ParameterLock {
 public:
  ParameterLock() = default;
  ParameterLock(const ParameterLock&) = delete;
  ParameterLock& operator=(const ParameterLock&) = delete;

  void lock() { Wait(nullptr); }
  bool try_lock();
  void unlock();
  // Unlocks if this very thread holds it: for a thread that will never leave the place that would.
  void UnlockHere();
  // Throws ABORTED when `stop` is set before it is this caller's turn.
  void Lock(const StopFlag& stop) { Wait(&stop); }

  // What has changed the parameters; needs no lock.
  ValueChanges& changes() { return changes_; }

 private:
  void Wait(const StopFlag* stop);

  ValueChanges changes_;
  std::mutex mutex_;
  std::list<std::condition_variable*> waiting_;  // in the order in which they came
  bool held_ = false;
  std::thread::id holder_;
};

// Holds the lock from a moment at which it could be had, unless `stop` was set first.
class StoppableLockGuard {
 public:
  StoppableLockGuard(ParameterLock& lock, const StopFlag& stop) : lock_(lock) { lock_.Lock(stop); }
  ~StoppableLockGuard() { lock_.unlock(); }
  StoppableLockGuard(const StoppableLockGuard&) = delete;
  StoppableLockGuard& operator=(const StoppableLockGuard&) = delete;

 private:
  ParameterLock& lock_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_PARAMETER_LOCK_H_
