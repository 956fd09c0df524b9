// A solver without JavaScript. What its parameters are and how they are updated is Caffe's own Solver; its loop is ours: the
// random draws of an iteration are a function of (seed, iteration), so that a restored solver goes on bit for bit; an iteration
// is done whole or not at all; tests tell their results, where Caffe's only log them; and snapshots replace files only when they
// are whole.
#ifndef CAFFE_NODE_SOLVER_STATE_H_
#define CAFFE_NODE_SOLVER_STATE_H_

#include <caffe/caffe.hpp>
#include <caffe/sgd_solvers.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "executor.h"
#include "net_state.h"
#include "solver_debug.h"
#include "solver_display.h"
#include "solver_file.h"
#include "weights.h"

namespace caffe_node {

struct StepResult {
  int iteration = 0;
  float loss = 0;
  float smoothed_loss = 0;
  float learning_rate = 0;
  double waiting = 0;  // seconds, for batches of Data layers
  std::vector<NamedTensor> outputs;
  bool diverged = false;
};

struct TestResult {
  int iteration = 0;
  int index = 0;
  std::vector<NamedTensor> outputs;  // means over the batches
  std::optional<float> loss;         // with test_compute_loss: the mean of all losses, weighted
};

struct SnapshotPaths {
  int iteration = 0;
  std::string model;
  std::string state;
};

// Told on the lane of what happens while a solver steps. What Started or GradientsReady throw ends the iteration before anything
// was learned from it.
class StepObserver {
 public:
  virtual ~StepObserver() = default;
  virtual void Tested(TestResult) {}
  virtual void Snapshotted(const SnapshotPaths&) {}
  virtual void Debugged(DebugReport) {}
  virtual void Started() {}
  // Whether anybody is told of Started.
  virtual bool HearsStarted() const { return false; }
  virtual void GradientsReady() {}
};

class SolverState {
 public:
  // On the lane. `param` has its nets inlined; `seed` counts where it names none.
  SolverState(Lane* lane, const caffe::SolverParameter& param, const std::vector<WeightsSource>& weights, unsigned seed);
  ~SolverState();
  SolverState(const SolverState&) = delete;
  SolverState& operator=(const SolverState&) = delete;

  // ---- on the lane -----------------------------------------------------------------------------------------------------
  // For the train net and the test nets; before they are handed out.
  void UseEngine(const EngineOptions& options);
  // `between` is looked at between iterations and between the batches of tests, which leaves the solver whole; `within` between
  // all layers.
  StepResult Step(int count, const StopFlag& between, const StopFlag& within, StepObserver* observer);
  // Mean outputs over test_iter batches, from the first item on.
  TestResult Test(int index, const StopFlag& between, const StopFlag& within);
  SnapshotPaths Snapshot();
  // All or nothing.
  void Restore(const std::string& path);
  // `update`: UpdateParameters, or what is to be compared with it.
  void ApplyUpdate(void (*update)(caffe::SGDSolver<float>* solver));
  void Dispose();
  void Abandon();

  // ---- the main thread -------------------------------------------------------------------------------------------------
  // Takes effect with the next iteration, test or snapshot. The change has been checked.
  void Change(const caffe::SolverParameter& change);

  // ---- the main thread, while idle or lent
  // -----------------------------------------------------------------------------------------
  int iteration() const;
  float learning_rate();
  const std::shared_ptr<NetState>& net() const { return net_; }
  const std::vector<std::shared_ptr<NetState>>& test_nets() const { return test_nets_; }
  Lane* lane() const { return lane_; }
  bool disposed() const { return net_->disposed(); }

 private:
  caffe::SGDSolver<float>& solver() const;
  void Build(const caffe::SolverParameter& param);
  void TakeUpChanges();
  void PassSettings();
  void StepOnce(const StopFlag& within, StepObserver* observer, StepResult* result);
  float IterateWhole(const StopFlag& within, StepObserver* observer);
  float Iterate(const StopFlag& within, StepObserver* observer);
  float ForwardBackward(const StopFlag& within);
  void TestIfDue(const StopFlag& between, const StopFlag& within, StepObserver* observer);
  float PolicyRate() const;
  // The rate of the next iteration; throws INPUT when there is none.
  float RequireRate() const;
  bool DebugIsDue() const;
  float SmoothedLoss() const;
  void TrimLosses();
  SavedState CurrentState(const std::string& model) const;
  void CheckHistory(const SavedState& saved, const std::string& path) const;
  void RestoreData(const std::optional<SolverRecord>& record);

  Lane* const lane_;
  unsigned seed_;
  caffe::SolverParameter settings_;  // as wanted, without the nets; Caffe is given them without what we do ourselves
  std::mutex change_mutex_;
  std::optional<caffe::SolverParameter> change_;
  std::unique_ptr<caffe::Solver<float>> solver_;
  std::unique_ptr<DebugRecorder> debug_;
  SolverDisplay display_;
  std::shared_ptr<NetState> net_;
  std::vector<std::shared_ptr<NetState>> test_nets_;
  std::deque<float> recent_losses_;  // the last average_loss of them
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_STATE_H_
