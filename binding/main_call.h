// Calls from a lane into JavaScript that the lane waits for: callbacks of a solver, layers written in TypeScript.
#ifndef CAFFE_NODE_MAIN_CALL_H_
#define CAFFE_NODE_MAIN_CALL_H_

#include <napi.h>

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "failure.h"
#include "stop_flag.h"

namespace caffe_node {

class Executor;
class Lane;
class MainCall;

// What a net has to do with calls: for their length it is lent to the main thread, and its disposal leaves them. Part of a
// NetState.
class Lending {
 public:
  // On the main thread: whether a callback of the run in flight may touch the net now.
  bool Lent() const;
  StopFlag& disposal() { return disposal_; }
  const StopFlag& disposal() const { return disposal_; }

 private:
  friend class MainCall;
  StopFlag disposal_;
  std::weak_ptr<MainCall> call_;  // the main thread's
};

// What a call needs to know of the job that makes it: one per thread and job, extended by the scopes below.
struct JobContext {
  Executor* executor;
  Lane* lane;
  std::shared_ptr<StopFlag> stop;       // leaves a call at once
  std::shared_ptr<MainCall> posted_in;  // the callback that asked for the job, if one did
  std::vector<std::shared_ptr<Lending>> lent;
  std::vector<const void*> locks;                   // held while the call waits
  std::vector<std::shared_ptr<StopFlag>> requests;  // leave a call whose promise is pending

  // Makes a context the current thread's while it is in scope.
  class Scope {
   public:
    explicit Scope(JobContext* context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };
  static JobContext& Current();
};

// On a lane: calls made in this scope lend the net. `lock` is what the run holds and other runs may wait for.
class LendScope {
 public:
  LendScope(std::shared_ptr<Lending> lending, const void* lock);
  ~LendScope();
  LendScope(const LendScope&) = delete;
  LendScope& operator=(const LendScope&) = delete;
};

// On a lane: `request`, which the job itself only looks at between iterations, leaves a call that would keep it from getting
// there.
class RequestScope {
 public:
  explicit RequestScope(std::shared_ptr<StopFlag> request);
  ~RequestScope();
  RequestScope(const RequestScope&) = delete;
  RequestScope& operator=(const RequestScope&) = delete;
};

// Runs on the main thread. It must own nothing of JS, and may be called no more than once. What it returns is awaited.
using CallBody = std::function<Napi::Value(Napi::Env, const std::shared_ptr<MainCall>&)>;

// On a lane, inside a job: runs `body` on the main thread of the environment and waits until what it returns has settled. `what`
// names the callback in messages. Throws CALLBACK with what JS threw as its cause; a Failure of `body` itself as it is; ABORTED
// or DISPOSED when the wait was left, whatever becomes of the callback.
void CallMain(const std::string& what, CallBody body);

// One such call. Every change of its state happens on the main thread, so that what `open` says there stays true until the main
// thread itself changes it: while it is true, the lane waits. The lane goes on when the main thread has told it to, and not
// before AtEnd's work is done; only when the environment ends it does so by itself.
class MainCall final : public StopFlag::Listener, public std::enable_shared_from_this<MainCall> {
 public:
  MainCall(const JobContext& job, std::string what);
  ~MainCall() override = default;

  // ---- the main thread -------------------------------------------------------------------------------------------------
  bool open() const { return !settled_ && !left(); }
  // Runs `body` as soon as the call is open no longer and before the lane goes on; not when the environment ends. It must own
  // nothing of JS.
  void AtEnd(std::function<void(bool settled)> body) { at_end_ = std::move(body); }
  // Whether a job on `lane`, or one that waits for any of `locks`, would wait for this call or for one that waits for it.
  bool Blocks(const Lane* lane, const std::vector<const void*>& locks) const;
  // The call that the current JS code belongs to; null outside of callbacks.
  static std::shared_ptr<MainCall> OfContext(Napi::Env env);

  // ---- the lane --------------------------------------------------------------------------------------------------------
  void RunAndWait(CallBody body);

 private:
  void OnStop() override;
  void Begin(Napi::Env env, const CallBody& body);
  void Settle(std::exception_ptr failure);
  void MarkPending();
  void End();
  bool left() const;
  Failure ReasonForLeaving() const;

  const JobContext job_;
  const std::string what_;
  std::function<void(bool settled)> at_end_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;  // the lane may go on
  bool settled_ = false;
  bool pending_ = false;  // the body has returned, and what it returned has not settled by itself
  std::exception_ptr failure_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_MAIN_CALL_H_
