// A solver without JavaScript. Its iterations are Caffe's own Step, one at a time, with the random draws of each a function of
// (seed, iteration), so that a restored solver goes on bit for bit.
#ifndef CAFFE_NODE_SOLVER_STATE_H_
#define CAFFE_NODE_SOLVER_STATE_H_

#include <caffe/caffe.hpp>
#include <caffe/sgd_solvers.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "executor.h"
#include "model.h"
#include "net_state.h"
#include "weights.h"

namespace caffe_node {

struct StepResult {
  int iteration = 0;
  float loss = 0;
  float smoothed_loss = 0;
  float learning_rate = 0;
  std::vector<NamedTensor> outputs;
  bool diverged = false;
};

struct SnapshotPaths {
  std::string model;
  std::string state;
};

class SolverState {
 public:
  // On the lane. `param` has its nets inlined; `seed` counts where it names none.
  SolverState(Lane* lane, const caffe::SolverParameter& param, const std::vector<WeightsSource>& weights, unsigned seed);
  ~SolverState();
  SolverState(const SolverState&) = delete;
  SolverState& operator=(const SolverState&) = delete;

  // ---- on the lane -----------------------------------------------------------------------------------------------------
  // `between` is looked at between iterations, `within` between layers: the first leaves the solver whole.
  StepResult Step(int count, const StopFlag& between, const StopFlag& within);
  // Mean outputs over test_iter batches, from the first item on.
  std::vector<NamedTensor> Test(int index, const StopFlag& stop);
  SnapshotPaths Snapshot();
  void Restore(const std::string& path);
  void ApplyUpdate();
  void Dispose();
  void Abandon();

  // ---- the main thread, while idle -----------------------------------------------------------------------------------------
  int iteration() const;
  float learning_rate() const;
  float base_learning_rate() const;
  void SetBaseLearningRate(float rate);
  std::string type() const;
  const std::shared_ptr<NetState>& net() const { return net_; }
  const std::vector<std::shared_ptr<NetState>>& test_nets() const { return test_nets_; }
  Lane* lane() const { return lane_; }
  bool disposed() const { return net_->disposed(); }

 private:
  caffe::SGDSolver<float>& solver() const;
  void Build(const caffe::SolverParameter& param);
  void StepOnce(const StopFlag& within, StepResult* result);
  float Smooth(float loss);
  void RewindTo(int iteration);
  // All or nothing.
  void RestoreFrom(const caffe::SolverState& state, const std::string& path);
  std::string SnapshotName(const std::string& prefix, const std::string& extension) const;

  class DivergenceCheck;

  Lane* const lane_;
  unsigned seed_;
  int snapshot_interval_ = 0;
  std::unique_ptr<caffe::Solver<float>> solver_;
  std::unique_ptr<DivergenceCheck> divergence_check_;
  std::shared_ptr<NetState> net_;
  std::vector<std::shared_ptr<NetState>> test_nets_;
  std::deque<float> recent_losses_;  // the last average_loss of them; Step forgets its own at each call
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_STATE_H_
