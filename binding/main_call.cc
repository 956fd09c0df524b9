#include "main_call.h"

#include <algorithm>
#include <utility>

#include "environment.h"
#include "executor.h"
#include "failure.h"

namespace caffe_node {

namespace {

thread_local JobContext* current_job = nullptr;

using SharedCall = std::shared_ptr<MainCall>;

}  // namespace

JobContext::Scope::Scope(JobContext* context) { current_job = context; }
JobContext::Scope::~Scope() { current_job = nullptr; }
JobContext& JobContext::Current() { return *current_job; }

LendScope::LendScope(std::shared_ptr<Lending> lending, const void* lock) {
  JobContext::Current().lent.push_back(std::move(lending));
  JobContext::Current().locks.push_back(lock);
}
LendScope::~LendScope() {
  JobContext::Current().lent.pop_back();
  JobContext::Current().locks.pop_back();
}

RequestScope::RequestScope(std::shared_ptr<StopFlag> request) { JobContext::Current().requests.push_back(std::move(request)); }
RequestScope::~RequestScope() { JobContext::Current().requests.pop_back(); }

bool Lending::Lent() const {
  const SharedCall call = call_.lock();
  return call && call->open();
}

void CallMain(const std::string& what, CallBody body) {
  std::make_shared<MainCall>(JobContext::Current(), what)->RunAndWait(std::move(body));
}

MainCall::MainCall(const JobContext& job, std::string what) : job_(job), what_(std::move(what)) {}

// The flag of the job counts at once. Disposal and requests let a callback finish that does not really wait for anything: a layer
// that computes in one go is no reason to break off what was asked for before.
bool MainCall::left() const {
  if (job_.stop->IsSet()) return true;
  if (!pending_) return false;
  const auto is_set = [](const std::shared_ptr<StopFlag>& flag) { return flag->IsSet(); };
  const auto is_disposed = [](const std::shared_ptr<Lending>& net) { return net->disposal().IsSet(); };
  return std::any_of(job_.requests.begin(), job_.requests.end(), is_set) ||
         std::any_of(job_.lent.begin(), job_.lent.end(), is_disposed);
}

Failure MainCall::ReasonForLeaving() const {
  for (const auto& net : job_.lent) {
    if (net->disposal().IsSet()) return Failure("DISPOSED", "The net was disposed while " + what_ + " was awaited.");
  }
  return Failure("ABORTED", "The operation was aborted.");
}

void MainCall::RunAndWait(CallBody body) {
  const auto each_flag = [this](void (StopFlag::*method)(Listener*)) {
    ((*job_.stop).*method)(this);
    for (const auto& flag : job_.requests) ((*flag).*method)(this);
    for (const auto& net : job_.lent) (net->disposal().*method)(this);
  };
  each_flag(&StopFlag::Add);
  job_.executor->PostToMain([self = shared_from_this(), body = std::move(body)](Napi::Env env) { self->Begin(env, body); });
  std::exception_ptr failure;
  bool settled = false;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || job_.executor->closing(); });
    settled = settled_;
    // Taken out: what was thrown may know this call, by the functions in its stack, and would keep itself alive.
    failure = std::exchange(failure_, nullptr);
  }
  each_flag(&StopFlag::Remove);
  if (job_.executor->closing()) at_end_ = nullptr;  // the main thread waits for us to end; it will not call it any more
  if (!settled) throw ReasonForLeaving();
  if (failure) std::rethrow_exception(failure);
}

// The body runs inside a context of lib/callbacks.ts that names this call, and that promises and timers made in it inherit. That
// code also turns whatever the body returns or throws into one call of `settle`.
void MainCall::Begin(Napi::Env env, const CallBody& body) {
  if (!open()) return End();  // left before it began
  const SharedCall self = shared_from_this();
  for (const auto& net : job_.lent) net->call_ = self;
  job_.executor->WaitForCall(job_.lane, self);
  const auto run = [self, body](const Napi::CallbackInfo& info) -> Napi::Value {
    try {
      return body(info.Env(), self);
    } catch (const Napi::Error&) {
      throw;
    } catch (...) {
      self->Settle(std::current_exception());
      return info.Env().Undefined();
    }
  };
  const auto settle = [self](const Napi::CallbackInfo& info) {
    std::exception_ptr failure;
    if (info.Length() == 2) {
      FailureDetails details;
      details.cause = std::make_shared<KeptValue>(self->job_.executor->main(), info[1]);
      failure = std::make_exception_ptr(
          Failure("CALLBACK", self->what_ + " failed: " + info[0].ToString().Utf8Value(), std::move(details)));
    }
    self->Settle(failure);
  };
  // The reference is one that JS owns, and with it the functions above: a callback that never settles is collected in the end.
  const Napi::Value reference = Napi::External<SharedCall>::New(
      env, std::make_unique<SharedCall>(self).release(),
      [](Napi::Env, SharedCall* owned) { static_cast<void>(std::unique_ptr<SharedCall>(owned)); });
  try {
    Environment::Of(env).enter_callback.Call({reference, Napi::Function::New(env, run), Napi::Function::New(env, settle)});
  } catch (const Napi::Error&) {
    Settle(std::make_exception_ptr(Failure("CALLBACK", what_ + " could not be called.")));
    throw;
  }
  // Promises that are settled already have told so by then.
  job_.executor->PostToMain([self](Napi::Env) { self->MarkPending(); });
}

void MainCall::Settle(std::exception_ptr failure) {
  if (!open()) return;
  if (at_end_) std::exchange(at_end_, nullptr)(true);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    settled_ = true;
    failure_ = std::move(failure);
  }
  End();
}

void MainCall::MarkPending() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    pending_ = true;
  }
  if (!open()) End();
}

void MainCall::OnStop() {
  if (!open()) End();
}

// When the environment ends, nothing of JS may be touched any more.
void MainCall::End() {
  const bool closing = job_.executor->closing();
  if (at_end_ && !closing) std::exchange(at_end_, nullptr)(false);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  if (!closing) job_.executor->UpdateKeepAlive();
}

bool MainCall::Blocks(const Lane* lane, const std::vector<const void*>& locks) const {
  if (open()) {
    if (job_.lane == lane) return true;
    const auto is_held = [this](const void* lock) {
      return std::find(job_.locks.begin(), job_.locks.end(), lock) != job_.locks.end();
    };
    if (std::any_of(locks.begin(), locks.end(), is_held)) return true;
  }
  return job_.posted_in && job_.posted_in->Blocks(lane, locks);
}

SharedCall MainCall::OfContext(Napi::Env env) {
  const Napi::FunctionReference& current = Environment::Of(env).current_callback;
  if (current.IsEmpty()) return nullptr;
  const Napi::Value reference = current.Call({});
  return reference.IsExternal() ? *reference.As<Napi::External<SharedCall>>().Data() : nullptr;
}

}  // namespace caffe_node
