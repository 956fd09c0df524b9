#include "solver.h"

#include <utility>

#include "environment.h"
#include "message_to_js.h"
#include "net.h"
#include "net_jobs.h"
#include "stop_flag.h"
#include "wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x51e8d0c3a7f64b92, 0xa3d95b7c60e1f284};

class LoadSolverJob final : public Job {
 public:
  LoadSolverJob(Lane* lane, ModelSource model, std::string base, std::vector<WeightsSource> weights, unsigned seed)
      : lane_(lane), model_(std::move(model)), base_(std::move(base)), weights_(std::move(weights)), seed_(seed) {}

  void Execute(const StopFlag&) override {
    content_.param = ReadSolver(model_);
    std::vector<WeightsSource> weights = weights_;
    // Caffe allows a comma-separated list in each entry.
    for (const std::string& entry : content_.param.weights()) {
      for (std::size_t start = 0; start <= entry.size();) {
        const std::size_t end = std::min(entry.find(',', start), entry.size());
        if (end > start) weights.push_back({Resolve(base_, entry.substr(start, end - start)), {}});
        start = end + 1;
      }
    }
    content_.solver =
        std::make_shared<SolverState>(lane_, InlineNets(content_.param, base_, Resolve(base_, model_.path)), weights, seed_);
  }
  Napi::Value Settle(Napi::Env env) override { return NewWrap(env, Environment::Of(env).solver_class, content_); }

 private:
  Lane* const lane_;
  ModelSource model_;
  std::string base_;
  std::vector<WeightsSource> weights_;
  unsigned seed_;
  SolverContent content_;
};

// A job on an existing solver: a run of all its nets.
class SolverJob : public Job {
 public:
  explicit SolverJob(std::shared_ptr<SolverState> solver) : solver_(std::move(solver)) {
    runs_.push_back(std::make_unique<RunCount>(solver_->net()));
    for (const auto& net : solver_->test_nets()) runs_.push_back(std::make_unique<RunCount>(net));
  }
  void Abandon() override { solver_->Abandon(); }

 protected:
  SolverState& solver() const { return *solver_; }

 private:
  std::shared_ptr<SolverState> solver_;
  std::vector<std::unique_ptr<RunCount>> runs_;
};

class StepJob final : public SolverJob {
 public:
  StepJob(std::shared_ptr<SolverState> solver, int count, std::shared_ptr<StopFlag> between)
      : SolverJob(std::move(solver)), count_(count), between_(std::move(between)) {}
  void Execute(const StopFlag& stop) override {
    if (between_) between_->Check();
    result_ = solver().Step(count_, between_ ? *between_ : stop, stop);
  }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Object step = Napi::Object::New(env);
    step.Set("iteration", result_.iteration);
    step.Set("loss", result_.loss);
    step.Set("smoothedLoss", result_.smoothed_loss);
    step.Set("learningRate", result_.learning_rate);
    step.Set("outputs", ToJs(env, std::move(result_.outputs)));
    step.Set("diverged", result_.diverged);
    return step;
  }

 private:
  int count_;
  std::shared_ptr<StopFlag> between_;
  StepResult result_;
};

class TestJob final : public SolverJob {
 public:
  TestJob(std::shared_ptr<SolverState> solver, int index) : SolverJob(std::move(solver)), index_(index) {}
  void Execute(const StopFlag& stop) override { outputs_ = solver().Test(index_, stop); }
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, std::move(outputs_)); }

 private:
  int index_;
  std::vector<NamedTensor> outputs_;
};

class SnapshotJob final : public SolverJob {
 public:
  using SolverJob::SolverJob;
  void Execute(const StopFlag&) override { paths_ = solver().Snapshot(); }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Object paths = Napi::Object::New(env);
    paths.Set("model", paths_.model);
    paths.Set("state", paths_.state);
    return paths;
  }

 private:
  SnapshotPaths paths_;
};

class SolverBodyJob final : public SolverJob {
 public:
  SolverBodyJob(std::shared_ptr<SolverState> solver, std::function<void(SolverState*)> body)
      : SolverJob(std::move(solver)), body_(std::move(body)) {}
  void Execute(const StopFlag&) override { body_(&solver()); }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  std::function<void(SolverState*)> body_;
};

Napi::Value LoadSolver(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment& environment = Environment::Of(info.Env());
    const Napi::Object request = ToObject(info[0], "A request");
    ModelSource model = ToModelSource(request.Get("solver"));
    std::string base = ToString(request.Get("basePath"), "basePath");
    std::vector<WeightsSource> weights = ToWeightsSources(request.Get("weights"));
    Lane* const lane = environment.executor().NextLane();
    return environment.executor().Post(lane, std::make_unique<LoadSolverJob>(lane, std::move(model), std::move(base),
                                                                             std::move(weights), environment.NextSeed()));
  });
}

}  // namespace

SolverWrap::SolverWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SolverWrap>(info), content_(WrapContent<SolverContent>(info)) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void SolverWrap::Register(Napi::Env env, Napi::Object exports) {
  Environment::Of(env).solver_class = Napi::Persistent(
      DefineClass(env, "Solver",
                  {InstanceAccessor<&SolverWrap::Type>("type"), InstanceAccessor<&SolverWrap::Iteration>("iteration"),
                   InstanceAccessor<&SolverWrap::LearningRate>("learningRate"),
                   InstanceAccessor<&SolverWrap::BaseLearningRate, &SolverWrap::SetBaseLearningRate>("baseLearningRate"),
                   InstanceAccessor<&SolverWrap::Net>("net"), InstanceAccessor<&SolverWrap::TestNets>("testNets"),
                   InstanceAccessor<&SolverWrap::Param>("param"), InstanceMethod("step", &SolverWrap::Step),
                   InstanceMethod("test", &SolverWrap::Test), InstanceMethod("snapshot", &SolverWrap::Snapshot),
                   InstanceMethod("restore", &SolverWrap::Restore), InstanceMethod("applyUpdate", &SolverWrap::ApplyUpdate),
                   InstanceMethod("dispose", &SolverWrap::Dispose)}));
  exports.Set("loadSolver", Napi::Function::New(env, LoadSolver));
  exports.Set("isSolver", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kTag));
              }));
}

const SolverState& SolverWrap::Idle() const {
  content_.solver->net()->RequireIdle();
  return *content_.solver;
}

Napi::Value SolverWrap::Post(Napi::Env env, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop) {
  if (content_.solver->disposed()) throw Failure("DISPOSED", "The solver has been disposed.");
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

Napi::Value SolverWrap::BaseLearningRate(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value { return Napi::Number::New(info.Env(), Idle().base_learning_rate()); });
}

void SolverWrap::SetBaseLearningRate(const Napi::CallbackInfo& info, const Napi::Value& value) {
  RequireTag(info, kTag);
  Guarded(info.Env(), [&] {
    const double rate = ToDouble(value, "A learning rate");
    Idle();
    content_.solver->SetBaseLearningRate(static_cast<float>(rate));
  });
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

Napi::Value SolverWrap::Step(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const int count = ToInt(info[0], "The number of iterations");
    if (count < 0) throw Failure("INPUT", "The number of iterations must be 0 or more; " + std::to_string(count) + " was given.");
    return Post(info.Env(), std::make_unique<StepJob>(content_.solver, count, StopFlagWrap::From(info[1])));
  });
}

Napi::Value SolverWrap::Test(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
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
    return Post(info.Env(), std::make_unique<SolverBodyJob>(content_.solver, [](SolverState* solver) { solver->ApplyUpdate(); }));
  });
}

Napi::Value SolverWrap::Dispose(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Value promise =
        Post(info.Env(), std::make_unique<SolverBodyJob>(content_.solver, [](SolverState* solver) { solver->Dispose(); }));
    content_.solver->net()->MarkDisposed();
    for (const auto& net : content_.solver->test_nets()) net->MarkDisposed();
    return promise;
  });
}

}  // namespace caffe_node
