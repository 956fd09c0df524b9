#include "solver.h"

#include <algorithm>
#include <utility>

#include "environment.h"
#include "message_from_js.h"
#include "message_to_js.h"
#include "net.h"
#include "net_jobs.h"
#include "parameter_update.h"
#include "solver_check.h"
#include "stop_flag.h"
#include "wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x51e8d0c3a7f64b92, 0xa3d95b7c60e1f284};

std::shared_ptr<KeptValue> ToListener(Napi::Env env, const Napi::Value& value) {
  if (value.IsUndefined()) return nullptr;
  if (!value.IsFunction()) throw Failure("INPUT", "A listener must be a function.");
  return std::make_shared<KeptValue>(Environment::Of(env).executor().main(), value);
}

StepListeners ToStepListeners(Napi::Env env, const Napi::Object& object) {
  return {ToListener(env, object.Get("event")), ToListener(env, object.Get("start")),
          ToListener(env, object.Get("gradientsReady"))};
}

Napi::Value LoadSolver(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment& environment = Environment::Of(info.Env());
    const Napi::Object request = ToObject(info[0], "A request");
    ModelSource model = ToModelSource(request.Get("solver"));
    std::string base = ToString(request.Get("basePath"), "basePath");
    std::vector<WeightsSource> weights = ToWeightsSources(request.Get("weights"));
    EngineOptions engine = Has(request, "engine") ? ToEngineOptions(request.Get("engine")) : EngineOptions();
    Lane* const lane = environment.executor().NextLane();
    return environment.executor().Post(
        lane, std::make_unique<LoadSolverJob>(lane, std::move(model), std::move(base), std::move(weights), std::move(engine),
                                              environment.NextSeed()));
  });
}

}  // namespace

SolverWrap::SolverWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SolverWrap>(info), content_(WrapContent<SolverContent>(info)) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void SolverWrap::Register(Napi::Env env, Napi::Object exports) {
  Environment::Of(env).solver_class = Napi::Persistent(DefineClass(
      env, "Solver",
      {InstanceAccessor<&SolverWrap::Type>("type"), InstanceAccessor<&SolverWrap::Iteration>("iteration"),
       InstanceAccessor<&SolverWrap::LearningRate>("learningRate"), InstanceAccessor<&SolverWrap::Net>("net"),
       InstanceAccessor<&SolverWrap::TestNets>("testNets"), InstanceAccessor<&SolverWrap::Param>("param"),
       InstanceMethod("change", &SolverWrap::Change), InstanceMethod("step", &SolverWrap::Step),
       InstanceMethod("test", &SolverWrap::Test), InstanceMethod("snapshot", &SolverWrap::Snapshot),
       InstanceMethod("restore", &SolverWrap::Restore), InstanceMethod("applyUpdate", &SolverWrap::ApplyUpdate),
       InstanceMethod("applyCaffesUpdate", &SolverWrap::ApplyCaffesUpdate), InstanceMethod("dispose", &SolverWrap::Dispose)}));
  exports.Set("loadSolver", Napi::Function::New(env, LoadSolver));
  exports.Set("isSolver", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kTag));
              }));
}

void SolverWrap::RequireAlive() const {
  if (content_.solver->disposed()) throw Failure("DISPOSED", "The solver has been disposed.");
}

SolverState& SolverWrap::Idle() const {
  content_.solver->net()->RequireIdle();
  return *content_.solver;
}

Napi::Value SolverWrap::Post(Napi::Env env, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop) {
  RequireAlive();
  return Environment::Of(env).executor().Post(content_.solver->lane(), std::move(job), std::move(stop));
}

Napi::Value SolverWrap::Type(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Napi::String::New(info.Env(), content_.param.type());
}

Napi::Value SolverWrap::Iteration(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value { return Napi::Number::New(info.Env(), Idle().iteration()); });
}

Napi::Value SolverWrap::LearningRate(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value { return Napi::Number::New(info.Env(), Idle().learning_rate()); });
}

Napi::Value SolverWrap::Net(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return NetWrap::New(info.Env(), content_.solver->net());
}

Napi::Value SolverWrap::TestNets(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  Napi::Array nets = Napi::Array::New(info.Env());
  for (const auto& net : content_.solver->test_nets()) nets.Set(nets.Length(), NetWrap::New(info.Env(), net));
  return nets;
}

Napi::Value SolverWrap::Param(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value { return MessageToJs(info.Env(), content_.param); });
}

// Needs no idle solver: what is changed while it steps counts from its next iteration on.
Napi::Value SolverWrap::Change(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    RequireAlive();
    try {
      caffe::SolverParameter change;
      MessageFromJs(ToObject(info[0], "A change"), &change);
      Apply(change);
      return MessageToJs(info.Env(), change);
    } catch (const Failure& failure) {
      if (failure.code() != "PROTOTXT") throw;
      throw Failure("INPUT", failure.what(), failure.details());  // there is no file that could be wrong
    }
  });
}

void SolverWrap::Apply(const caffe::SolverParameter& change) {
  CheckChange(change);
  const int nets = static_cast<int>(content_.solver->test_nets().size());
  if (change.test_iter_size() > 0 && change.test_iter_size() != nets) {
    throw Failure("INPUT", "test_iter takes one number for each test net; this solver has " + std::to_string(nets) + ".");
  }
  caffe::SolverParameter changed = content_.param;
  ApplyChange(change, &changed);
  CheckSettings(changed);
  content_.param = std::move(changed);
  content_.solver->Change(change);
}

Napi::Value SolverWrap::Step(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const int count = ToInt(info[0], "The number of iterations");
    if (count < 0) throw Failure("INPUT", "The number of iterations must be 0 or more; " + std::to_string(count) + " was given.");
    return Post(info.Env(), std::make_unique<StepJob>(content_.solver, count, StopFlagWrap::From(info[1]),
                                                      ToStepListeners(info.Env(), ToObject(info[2], "The listeners"))));
  });
}

Napi::Value SolverWrap::Test(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    RequireAlive();
    const int index = ToInt(info[0], "The number of a test net");
    const std::size_t nets = content_.solver->test_nets().size();
    if (index < 0 || static_cast<std::size_t>(index) >= nets) {
      throw Failure("INPUT", "There is no test net " + std::to_string(index) + "; this solver has " + std::to_string(nets) + ".");
    }
    return Post(info.Env(), std::make_unique<TestJob>(content_.solver, index), StopFlagWrap::From(info[1]));
  });
}

Napi::Value SolverWrap::Snapshot(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value { return Post(info.Env(), std::make_unique<SnapshotJob>(content_.solver)); });
}

Napi::Value SolverWrap::Restore(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const std::string path = ToString(info[0], "The path of a solver state");
    return Post(info.Env(),
                std::make_unique<SolverBodyJob>(content_.solver, [path](SolverState* solver) { solver->Restore(path); }));
  });
}

Napi::Value SolverWrap::ApplyUpdate(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    return Post(info.Env(), std::make_unique<SolverBodyJob>(content_.solver,
                                                            [](SolverState* solver) { solver->ApplyUpdate(&UpdateParameters); }));
  });
}

Napi::Value SolverWrap::ApplyCaffesUpdate(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const auto update = [](caffe::SGDSolver<float>* solver) { solver->ApplyUpdate(); };
    return Post(info.Env(),
                std::make_unique<SolverBodyJob>(content_.solver, [update](SolverState* solver) { solver->ApplyUpdate(update); }));
  });
}

Napi::Value SolverWrap::Dispose(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    RequireAlive();
    SolverState& solver = *content_.solver;
    const auto is_lent = [](const std::shared_ptr<NetState>& net) { return net->lent(); };
    Executor& executor = Environment::Of(info.Env()).executor();
    // A callback of this very solver is left, so that it may dispose it.
    if (!is_lent(solver.net()) && std::none_of(solver.test_nets().begin(), solver.test_nets().end(), is_lent)) {
      executor.RequireReachable(solver.lane());
    }
    solver.net()->LetGo(info.Env());
    solver.net()->MarkDisposed();
    for (const auto& net : solver.test_nets()) {
      net->LetGo(info.Env());
      net->MarkDisposed();
    }
    return executor.PostAnyway(solver.lane(),
                               std::make_unique<SolverBodyJob>(content_.solver, [](SolverState* state) { state->Dispose(); }));
  });
}

}  // namespace caffe_node
