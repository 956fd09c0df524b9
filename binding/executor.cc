#include "executor.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "environment.h"
#include "flavour.h"
#include "processors.h"

namespace caffe_node {

namespace {

// Node runs no clean-up hook when the main thread calls process.exit() or dies of an uncaught error. Without this the destructors
// of OpenBLAS would take the memory away from a layer that still computes. Handlers registered after the program's start run
// before those destructors.
class ExitGuard {
 public:
  static ExitGuard& Get() {
    static ExitGuard guard;
    static const int registered = std::atexit([] { Get().StopAll(); });
    static_cast<void>(registered);
    return guard;
  }
  void Add(Executor* executor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    executors_.insert(executor);
  }
  void Remove(Executor* executor) {
    const std::lock_guard<std::mutex> lock(mutex_);
    executors_.erase(executor);
  }

 private:
  void StopAll() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (Executor* const executor : executors_) executor->StopLanes();
  }

  std::mutex mutex_;
  std::set<Executor*> executors_;
};

}  // namespace

// A job on its way: queued, executed, settled. Its deferred is touched on the main thread only.
struct Lane::Task {
  Task(Napi::Env env, std::unique_ptr<Job> work, std::shared_ptr<StopFlag> flag)
      : deferred(Napi::Promise::Deferred::New(env)),
        job(std::move(work)),
        stop(std::move(flag)),
        lock(job->lock()),
        posted_in(MainCall::OfContext(env)) {}
  Napi::Promise::Deferred deferred;
  std::unique_ptr<Job> job;
  std::shared_ptr<StopFlag> stop;
  const void* const lock;
  flavour::Settings settings;
  std::shared_ptr<MainCall> posted_in;
  std::exception_ptr failure;
};

struct Lane::State {
  State(Executor* executor, Lane* lane) : executor(executor), lane(lane) {}
  Executor* const executor;
  Lane* const lane;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::unique_ptr<Task>> queue;
  std::shared_ptr<StopFlag> running;  // the flag of the task in Execute
  std::unique_ptr<Task> current;
  std::thread thread;   // the one that works; parked ones are detached
  bool closed = false;  // no more tasks
  bool ended = false;   // after closed: the thread is through
};

Lane::Lane(Executor* executor) : state_(std::make_shared<State>(executor, this)) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->thread = std::thread([state = state_] { Work(state); });
}

void Lane::Stop() {
  std::deque<std::unique_ptr<Task>> dropped;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->closed = true;
  dropped.swap(state_->queue);
  if (state_->running) state_->running->Set();
  state_->changed.notify_all();
}

Lane::~Lane() {
  Stop();
  std::thread thread;
  {
    std::unique_lock<std::mutex> lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->ended; });
    thread = std::move(state_->thread);
  }
  if (thread.joinable()) thread.join();
}

std::vector<const void*> Lane::Locks() const { return {locks_.begin(), locks_.end()}; }

bool Lane::Busy() const {
  const std::shared_ptr<MainCall> call = waits_for_.lock();
  return pending_ > 0 && !(call && call->open());
}

void Lane::Work(const std::shared_ptr<State>& state) {
  Executor* const executor = state->executor;
  flavour::ThreadHooks hooks;
  hooks.log = [executor](int severity, const std::string& file, int line, const std::string& text) {
    executor->Log(severity, file, line, text);
  };
  hooks.lowest_severity = &executor->log_level_;
  // The failed call never returns: settle its task from in here, and let a new thread take the lane.
  hooks.parked = [state, executor](const Failure& failure) {
    std::unique_ptr<Task> task;
    {
      const std::lock_guard<std::mutex> lock(state->mutex);
      task = std::move(state->current);
      state->running.reset();
    }
    task->job->Abandon();  // before the new thread might take up another job on the same net
    task->failure = std::make_exception_ptr(failure);
    executor->Finish(state->lane, std::move(task));
    {
      const std::lock_guard<std::mutex> lock(state->mutex);
      state->thread.detach();
      state->thread = std::thread();
      if (state->closed) {
        state->ended = true;
      } else {
        state->thread = std::thread([state] { Work(state); });
      }
    }
    state->changed.notify_all();
  };
  flavour::PrepareThread(std::move(hooks));

  std::unique_lock<std::mutex> lock(state->mutex);
  for (;;) {
    state->changed.wait(lock, [&] { return state->closed || !state->queue.empty(); });
    if (state->closed) {
      state->ended = true;
      state->changed.notify_all();
      return;
    }
    state->current = std::move(state->queue.front());
    state->queue.pop_front();
    Task& task = *state->current;
    state->running = task.stop;
    lock.unlock();
    try {
      task.stop->Check();
      flavour::PrepareJob(task.settings);
      JobContext context{executor, state->lane, task.stop, task.posted_in, {}, {}, {}};
      const JobContext::Scope scope(&context);
      task.job->Execute(*task.stop);
    } catch (...) {
      task.failure = std::current_exception();
    }
    lock.lock();
    state->running.reset();
    std::unique_ptr<Task> done = std::move(state->current);
    lock.unlock();
    executor->Finish(state->lane, std::move(done));
    lock.lock();
  }
}

Executor::Executor(Napi::Env env) : env_(env), main_(std::make_shared<MainThread>(env)) {
  settings_.threads = DefaultThreads();
  ExitGuard::Get().Add(this);
}

Executor::~Executor() { Close(); }

Lane* Executor::NextLane() {
  const std::shared_ptr<MainCall> callback = MainCall::OfContext(env_);
  Lane* lane = nullptr;
  for (int tries = 0; tries < lane_count_; ++tries) {
    const std::size_t index = next_lane_++ % static_cast<std::size_t>(lane_count_);
    while (lanes_.size() <= index) lanes_.push_back(std::make_unique<Lane>(this));
    lane = lanes_[index].get();
    if (!callback || !callback->Blocks(lane, lane->Locks())) break;
  }
  return lane;
}

Lane* Executor::FileLane() {
  if (!file_lane_) file_lane_ = std::make_unique<Lane>(this);
  return file_lane_.get();
}

void Executor::SetLanes(int count) { lane_count_ = count; }

Napi::Promise Executor::Post(Lane* lane, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop) {
  RequireReachable(lane, job->lock());
  return PostAnyway(lane, std::move(job), std::move(stop));
}

Napi::Promise Executor::PostAnyway(Lane* lane, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop) {
  if (!stop) stop = std::make_shared<StopFlag>();
  auto task = std::make_unique<Lane::Task>(env_, std::move(job), std::move(stop));
  // Not by the lanes that are busy: what a net computes, and the plan it is computed by, depend on the number of threads.
  task->settings = settings_;
  task->settings.threads = std::max(1, settings_.threads / lane_count_);
  const Napi::Promise promise = task->deferred.Promise();
  if (closing()) return promise;  // nobody is left to see it settle
  ++lane->pending_;
  if (task->lock != nullptr) lane->locks_.insert(task->lock);
  UpdateKeepAlive();
  {
    const std::lock_guard<std::mutex> lock(lane->state_->mutex);
    lane->state_->queue.push_back(std::move(task));
  }
  lane->state_->changed.notify_one();
  return promise;
}

void Executor::RequireReachable(const Lane* lane, const void* lock) const {
  const std::shared_ptr<MainCall> callback = MainCall::OfContext(env_);
  if (!callback) return;
  // What waits there already comes first.
  std::vector<const void*> locks = lane->Locks();
  if (lock != nullptr) locks.push_back(lock);
  if (!callback->Blocks(lane, locks)) return;
  FailureDetails details;
  details.hint = "Use a net on another lane (caffe.setLanes(2) before it is made), or do it after the callback.";
  throw Failure("BUSY", "A callback cannot wait for what itself waits for the callback.", std::move(details));
}

void Executor::WaitForCall(Lane* lane, const std::shared_ptr<MainCall>& call) {
  lane->waits_for_ = call;
  UpdateKeepAlive();
}

void Executor::UpdateKeepAlive() {
  const bool busy = std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->Busy(); });
  main_->KeepAlive(busy || (file_lane_ && file_lane_->Busy()));
}

// Each promise settles exactly once, here. The job is gone before the promise's reactions run, so that they find the net idle.
void Executor::Finish(Lane* lane, std::unique_ptr<Lane::Task> task) {
  const std::shared_ptr<Lane::Task> shared = std::move(task);
  PostToMain([this, lane, shared](Napi::Env env) {
    --lane->pending_;
    if (shared->lock != nullptr) lane->locks_.erase(lane->locks_.find(shared->lock));
    UpdateKeepAlive();
    Napi::Value value;
    std::exception_ptr failure = shared->failure;
    if (!failure) {
      try {
        value = shared->job->Settle(env);
      } catch (const Napi::Error& error) {
        shared->job.reset();
        shared->deferred.Reject(error.Value());
        return;
      } catch (...) {
        failure = std::current_exception();
      }
    }
    shared->job.reset();
    if (failure) {
      shared->deferred.Reject(ToJs(env, AsFailure(failure)));
    } else {
      shared->deferred.Resolve(value);
    }
  });
}

void Executor::Log(int severity, const std::string& file, int line, const std::string& text) {
  PostToMain([severity, file, line, text](Napi::Env env) {
    const Napi::FunctionReference& listener = Environment::Of(env).log_listener();
    if (listener.IsEmpty()) return;
    listener.Call({Napi::Number::New(env, severity), Napi::String::New(env, file), Napi::Number::New(env, line),
                   Napi::String::New(env, text)});
  });
}

void Executor::StopLanes() {
  if (closing_.exchange(true)) return;
  main_->Shut();
  // All are told before the first is waited for: one lane's job may wait for a lock that another's holds.
  for (const auto& lane : lanes_) lane->Stop();
  if (file_lane_) file_lane_->Stop();
  lanes_.clear();
  file_lane_.reset();
}

void Executor::Close() {
  ExitGuard::Get().Remove(this);
  StopLanes();
  main_->Close();
}

}  // namespace caffe_node
