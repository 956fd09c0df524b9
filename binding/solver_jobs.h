// The jobs of a solver.
#ifndef CAFFE_NODE_SOLVER_JOBS_H_
#define CAFFE_NODE_SOLVER_JOBS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine_options.h"
#include "executor.h"
#include "model.h"
#include "solver_events.h"
#include "solver_state.h"

namespace caffe_node {

// What a wrap needs: the solver, and its parameters as the caller wrote them and changed them since.
struct SolverContent {
  std::shared_ptr<SolverState> solver;
  caffe::SolverParameter param;
};

class LoadSolverJob final : public Job {
 public:
  // `weights` take the place of those that the solver itself names.
  LoadSolverJob(Lane* lane, ModelSource model, std::string base, std::vector<WeightsSource> weights, EngineOptions engine,
                unsigned seed)
      : lane_(lane),
        model_(std::move(model)),
        base_(std::move(base)),
        weights_(std::move(weights)),
        engine_(std::move(engine)),
        seed_(seed) {}
  void Execute(const StopFlag& stop) override;
  Napi::Value Settle(Napi::Env env) override;

 private:
  Lane* const lane_;
  ModelSource model_;
  std::string base_;
  std::vector<WeightsSource> weights_;
  EngineOptions engine_;
  unsigned seed_;
  SolverContent content_;
};

// A job on an existing solver: a run of all its nets.
class SolverJob : public Job {
 public:
  explicit SolverJob(std::shared_ptr<SolverState> solver);
  void Abandon() override { solver_->Abandon(); }
  const void* lock() const override { return solver_->net()->parameter_lock().get(); }

 protected:
  SolverState& solver() const { return *solver_; }

 private:
  std::shared_ptr<SolverState> solver_;
  std::vector<std::unique_ptr<RunCount>> runs_;
};

// What JavaScript wants to hear of while a solver steps; null where it does not.
struct StepListeners {
  std::shared_ptr<KeptValue> event;            // called with each NativeSolverEvent; nobody waits for it
  std::shared_ptr<KeptValue> start;            // the iteration waits for what it returns
  std::shared_ptr<KeptValue> gradients_ready;  // likewise
};

class StepJob final : public SolverJob, private StepObserver {
 public:
  StepJob(std::shared_ptr<SolverState> solver, int count, std::shared_ptr<StopFlag> between, StepListeners listeners)
      : SolverJob(std::move(solver)), count_(count), between_(std::move(between)), listeners_(std::move(listeners)) {}
  void Execute(const StopFlag& stop) override;
  Napi::Value Settle(Napi::Env env) override;

 private:
  void Tested(TestResult result) override { Tell(std::move(result)); }
  void Snapshotted(const SnapshotPaths& paths) override { Tell(paths); }
  void Debugged(DebugReport report) override { Tell(std::move(report)); }
  void Started() override { Await("onStart", listeners_.start); }
  bool HearsStarted() const override { return listeners_.start != nullptr; }
  void GradientsReady() override { Await("onGradientsReady", listeners_.gradients_ready); }
  void Tell(SolverEvent event) const;
  static void Await(const char* name, const std::shared_ptr<KeptValue>& callback);

  int count_;
  std::shared_ptr<StopFlag> between_;
  StepListeners listeners_;
  StepResult result_;
};

class TestJob final : public SolverJob {
 public:
  TestJob(std::shared_ptr<SolverState> solver, int index) : SolverJob(std::move(solver)), index_(index) {}
  void Execute(const StopFlag& stop) override { result_ = solver().Test(index_, stop, stop); }
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, SolverEvent(std::move(result_))); }

 private:
  int index_;
  TestResult result_;
};

class SnapshotJob final : public SolverJob {
 public:
  using SolverJob::SolverJob;
  void Execute(const StopFlag&) override { paths_ = solver().Snapshot(); }
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, SolverEvent(paths_)); }

 private:
  SnapshotPaths paths_;
};

// Anything else that has no result.
class SolverBodyJob final : public SolverJob {
 public:
  SolverBodyJob(std::shared_ptr<SolverState> solver, std::function<void(SolverState*)> body)
      : SolverJob(std::move(solver)), body_(std::move(body)) {}
  void Execute(const StopFlag&) override { body_(&solver()); }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  std::function<void(SolverState*)> body_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_JOBS_H_
