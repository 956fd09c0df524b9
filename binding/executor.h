// The compute threads. A lane is one thread with a queue: the runs of a net go to its lane in call order, so that no net ever
// runs twice at once and OpenMP's workers stay warm. Each environment (main thread or worker) has lanes of its own and one more
// for files and images, so that reading a dataset does not wait for a net.
#ifndef CAFFE_NODE_EXECUTOR_H_
#define CAFFE_NODE_EXECUTOR_H_

#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "failure.h"
#include "flavour.h"
#include "main_call.h"
#include "main_thread.h"
#include "stop_flag.h"

namespace caffe_node {

// A piece of work: built on the main thread from checked JS values, executed on a lane, settled on the main thread.
class Job {
 public:
  virtual ~Job() = default;
  // On the lane; no JS here. What it throws rejects the promise.
  virtual void Execute(const StopFlag& stop) = 0;
  // On the main thread, after Execute has returned: the value of the promise.
  virtual Napi::Value Settle(Napi::Env env) = 0;
  // On the lane, when the linked Caffe died inside Execute and its thread is parked: what the job used must not be used again.
  virtual void Abandon() {}
  // What the job waits for on its lane; null for nothing.
  virtual const void* lock() const { return nullptr; }
};

constexpr int kNoLog = 3;

class Executor;

class Lane {
 public:
  explicit Lane(Executor* executor);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Drops what is queued and stops the running job at its next layer; the destructor waits for it.
  void Stop();

 private:
  friend class Executor;
  struct Task;
  struct State;  // shared with the thread, which outlives the lane when it is parked
  static void Work(const std::shared_ptr<State>& state);
  // On the main thread: whether something is at work here that will come back to it by itself.
  bool Busy() const;
  // On the main thread: what its jobs wait for.
  std::vector<const void*> Locks() const;

  std::shared_ptr<State> state_;
  // The main thread's.
  int pending_ = 0;                    // promises of this lane not settled yet
  std::multiset<const void*> locks_;   // that its jobs wait for
  std::weak_ptr<MainCall> waits_for_;  // the last callback
};

class Executor {
 public:
  explicit Executor(Napi::Env env);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // The lane for a new net: round robin, past a lane that waits for the callback we are in. Lanes live as long as the executor.
  Lane* NextLane();
  // The lane for files and images.
  Lane* FileLane();

  // Queues a job; the promise settles when it is done. `stop` may be null. Throws BUSY, as RequireReachable does.
  Napi::Promise Post(Lane* lane, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop = nullptr);
  // The same without looking whether the job would wait for the callback we are in.
  Napi::Promise PostAnyway(Lane* lane, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop = nullptr);
  // Throws BUSY inside a callback that a job on `lane`, or one that waits for `lock`, would wait for: who awaits it waits for
  // ever.
  void RequireReachable(const Lane* lane, const void* lock = nullptr) const;

  // See MainThread::Post.
  void PostToMain(MainThread::Body body) { main_->Post(std::move(body)); }
  const std::shared_ptr<MainThread>& main() const { return main_; }
  // The lane waits for a callback; a callback that nothing else keeps alive does not keep the process from ending.
  void WaitForCall(Lane* lane, const std::shared_ptr<MainCall>& call);
  void UpdateKeepAlive();

  void SetLanes(int count);
  int lanes() const { return lane_count_; }
  // What the jobs posted from now on run with; its threads are shared out evenly among the lanes.
  flavour::Settings& settings() { return settings_; }
  // The lowest severity that is sent on, 0 (info) to 2 (error), or kNoLog; compared by the lanes before a message is formatted.
  void SetLogLevel(int level) { log_level_.store(level); }

  // Stops all jobs at their next layer or iteration and joins the threads.
  void StopLanes();
  // The same, and gives up the way to the main thread: the environment ends.
  void Close();
  bool closing() const { return closing_.load(); }

 private:
  friend class Lane;
  void Log(int severity, const std::string& file, int line, const std::string& text);
  void Finish(Lane* lane, std::unique_ptr<Lane::Task> task);

  Napi::Env env_;
  const std::shared_ptr<MainThread> main_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Lane> file_lane_;
  int lane_count_ = 1;
  std::size_t next_lane_ = 0;
  flavour::Settings settings_;
  std::atomic<int> log_level_{kNoLog};
  std::atomic<bool> closing_{false};
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_EXECUTOR_H_
