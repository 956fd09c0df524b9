#include "solver_state.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

#include "checks/creation.h"
#include "checks/initial_weights.h"
#include "failure.h"
#include "flavour.h"
#include "hdf5_file.h"
#include "layers/data_layer.h"

namespace caffe_node {

namespace {

// Caffe keeps these protected, though callers need them; a class of our own may name them.
struct Access : caffe::Solver<float> {
  static caffe::SolverParameter& Param(caffe::Solver<float>& solver) { return solver.*(&Access::param_); }
  static int& Iteration(caffe::Solver<float>& solver) { return solver.*(&Access::iter_); }
  static int& CurrentStep(caffe::Solver<float>& solver) { return solver.*(&Access::current_step_); }
  static float Loss(caffe::Solver<float>& solver) { return solver.*(&Access::smoothed_loss_); }
  static void SnapshotState(caffe::Solver<float>& solver, const std::string& model) {
    (solver.*(&Access::SnapshotSolverState))(model);
  }
};

Failure NotState(const std::string& path, const std::string& what) {
  FailureDetails details;
  details.file = path;
  details.hint = "Give the .solverstate file of a snapshot of this very solver and network.";
  return Failure("WEIGHTS", "'" + path + "' " + what, std::move(details));
}

}  // namespace

// Keeps a loss that is not a number away from the parameters: thrown between the backward pass and the update.
class SolverState::DivergenceCheck final : public caffe::Solver<float>::Callback {
 public:
  explicit DivergenceCheck(caffe::Solver<float>* solver) : solver_(solver) { solver->add_callback(this); }

 protected:
  void on_start() override {}
  void on_gradients_ready() override {
    if (!std::isfinite(Access::Loss(*solver_))) throw Failure("DIVERGED", "The loss is not a number.");
  }

 private:
  caffe::Solver<float>* const solver_;
};

SolverState::SolverState(Lane* lane, const caffe::SolverParameter& param, const std::vector<WeightsSource>& weights,
                         unsigned seed)
    : lane_(lane), seed_(param.random_seed() >= 0 ? static_cast<unsigned>(param.random_seed()) : seed) {
  if (param.iter_size() < 1)
    throw Failure("PROTOTXT", "iter_size: " + std::to_string(param.iter_size()) + " must be at least 1.");
  caffe::SolverParameter ours = param;
  ours.set_solver_mode(caffe::SolverParameter::CPU);
  ours.set_random_seed(static_cast<int>(seed_ & 0x7fffffff));
  // Caffe would write snapshots in place, half of one when interrupted: Snapshot() does it whole.
  snapshot_interval_ = ours.snapshot();
  ours.set_snapshot(0);
  ours.clear_weights();
  Build(ours);
  static_cast<void>(solver().GetLearningRate());  // an unknown policy is refused here rather than at the first step
  divergence_check_ = std::make_unique<DivergenceCheck>(solver_.get());
  net_ = std::make_shared<NetState>(lane, solver_->net(), seed_);
  PutWeights(ours.has_train_net_param() ? ours.train_net_param() : ours.net_param(), solver_->net().get());
  for (const auto& net : solver_->test_nets()) {
    const int index = static_cast<int>(test_nets_.size());
    PutWeights(index < ours.test_net_param_size() ? ours.test_net_param(index) : ours.net_param(), net.get());
    test_nets_.push_back(std::make_shared<NetState>(lane, net, seed_));
    test_nets_.back()->ShareWith(*net_);
  }
  for (const WeightsSource& source : weights) {
    CopyRequest request;
    request.weights = source;
    CopyWeights(net_.get(), request);
  }
}

SolverState::~SolverState() = default;

void SolverState::Build(const caffe::SolverParameter& param) {
  caffe::SolverParameter bare = param;
  if (param.has_net_param()) *bare.mutable_net_param() = WithoutWeights(param.net_param());
  if (param.has_train_net_param()) *bare.mutable_train_net_param() = WithoutWeights(param.train_net_param());
  for (caffe::NetParameter& net : *bare.mutable_test_net_param()) net = WithoutWeights(net);
  const CreationTrace trace;
  try {
    solver_.reset(caffe::SolverRegistry<float>::CreateSolver(bare));
  } catch (...) {
    throw trace.Explain(std::current_exception());
  }
}

caffe::SGDSolver<float>& SolverState::solver() const {
  if (!solver_) throw Failure("DISPOSED", "The solver has been disposed.");
  return static_cast<caffe::SGDSolver<float>&>(*solver_);  // every solver of Caffe is one
}

float SolverState::Smooth(float loss) {
  recent_losses_.push_back(loss);
  const auto window = static_cast<std::size_t>(std::max(1, solver().param().average_loss()));
  while (recent_losses_.size() > window) recent_losses_.pop_front();
  return std::accumulate(recent_losses_.begin(), recent_losses_.end(), 0.0f) / static_cast<float>(recent_losses_.size());
}

void SolverState::StepOnce(const StopFlag& within, StepResult* result) {
  caffe::SGDSolver<float>& solver = this->solver();
  result->learning_rate = solver.GetLearningRate();
  flavour::Seed(MixSeed(seed_, static_cast<std::uint64_t>(solver.iter())));
  result->loss = std::numeric_limits<float>::quiet_NaN();
  // Caffe's Step runs the test nets as well, where it is asked to: all of them can be stopped.
  std::function<void()> step = [&solver] { solver.Step(1); };
  for (const auto& net : test_nets_) step = [&within, net, inner = std::move(step)] { net->Watched(within, inner); };
  try {
    net_->Watched(within, step);
    result->loss = Access::Loss(solver);
  } catch (const Failure& failure) {
    if (failure.code() != "DIVERGED") throw;
    result->diverged = true;
  }
  result->smoothed_loss = Smooth(result->loss);
  result->iteration = solver.iter();
  net_->KeepShapes();
}

StepResult SolverState::Step(int count, const StopFlag& between, const StopFlag& within) {
  StepResult result;
  for (int i = 0; i < count && !result.diverged; ++i) {
    if (i > 0) between.Check();
    {
      const std::lock_guard lock(*net_->parameter_lock());
      StepOnce(within, &result);
    }
    if (!result.diverged && snapshot_interval_ > 0 && result.iteration % snapshot_interval_ == 0) Snapshot();
  }
  if (count == 0) {
    result.loss = recent_losses_.empty() ? std::numeric_limits<float>::quiet_NaN() : recent_losses_.back();
    result.smoothed_loss = result.loss;
    result.iteration = solver().iter();
    result.learning_rate = solver().GetLearningRate();
  }
  for (const std::string& name : net_->outputs()) result.outputs.push_back({name, CopyOf(*net_->BlobNamed(name), Part::kData)});
  return result;
}

std::vector<NamedTensor> SolverState::Test(int index, const StopFlag& stop) {
  NetState& net = *test_nets_.at(static_cast<std::size_t>(index));
  RunRequest request;
  request.last = static_cast<int>(net.layers().size()) - 1;
  request.fetch = net.outputs();
  const int batches = solver().param().test_iter_size() > index ? solver().param().test_iter(index) : 1;
  net.ShareWith(*net_);  // as Caffe does before each test: shareWeights may have given the train net other parameters
  net.Rewind(0);
  std::vector<NamedTensor> sums;
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<NamedTensor> outputs = net.Forward(request, stop);
    if (batch == 0) {
      sums = std::move(outputs);
      continue;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      std::vector<float>& sum = sums[i].tensor.data;
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += outputs[i].tensor.data.at(j);
    }
  }
  for (NamedTensor& sum : sums) {
    for (float& value : sum.tensor.data) value /= static_cast<float>(std::max(1, batches));
  }
  return sums;
}

std::string SolverState::SnapshotName(const std::string& prefix, const std::string& extension) const {
  return prefix + "_iter_" + std::to_string(solver().iter()) + extension;
}

SnapshotPaths SolverState::Snapshot() {
  caffe::SGDSolver<float>& solver = this->solver();
  caffe::SolverParameter& param = Access::Param(solver);
  const bool hdf5 = param.snapshot_format() == caffe::SolverParameter::HDF5;
  const std::string prefix = param.snapshot_prefix();
  SnapshotPaths paths{SnapshotName(prefix, hdf5 ? ".caffemodel.h5" : ".caffemodel"),
                      SnapshotName(prefix, hdf5 ? ".solverstate.h5" : ".solverstate")};
  SaveWeights(net_.get(), paths.model, hdf5, param.snapshot_diff());

  // Caffe derives the file's name from the prefix: give it a temporary one for the time of writing.
  const std::string temporary_prefix = TemporaryName(prefix);
  const std::string temporary = SnapshotName(temporary_prefix, hdf5 ? ".solverstate.h5" : ".solverstate");
  param.set_snapshot_prefix(temporary_prefix);
  std::exception_ptr failure;
  try {
    const std::scoped_lock lock(*net_->parameter_lock(), Hdf5Lock());
    SilenceHdf5();
    Access::SnapshotState(solver, paths.model);
    // Caffe does not look whether the disk took all of it.
    if (!hdf5 && !caffe::SolverState().ParseFromString(ReadFile(temporary))) {
      throw Failure("FILE", "it was not written whole. Is the disk full?");
    }
  } catch (...) {
    failure = std::current_exception();
  }
  param.set_snapshot_prefix(prefix);
  if (failure) {
    std::error_code ignored;
    std::filesystem::remove(temporary, ignored);
    throw Failure("FILE", "'" + paths.state + "' cannot be written: " + AsFailure(failure).what());
  }
  RenameFile(temporary, paths.state);
  return paths;
}

void SolverState::RewindTo(int iteration) {
  const caffe::SolverParameter& param = solver().param();
  const auto batches = static_cast<std::uint64_t>(iteration) * static_cast<std::uint64_t>(param.iter_size());
  for (const auto& layer : net_->net().layers()) {
    auto* const data = dynamic_cast<DataLayer*>(layer.get());
    if (data != nullptr) data->Rewind(batches * layer->layer_param().data_param().batch_size());
  }
}

void SolverState::RestoreFrom(const caffe::SolverState& state, const std::string& path) {
  const auto& history = solver().history();
  if (state.history_size() != static_cast<int>(history.size())) {
    throw NotState(path, "holds the history of " + std::to_string(state.history_size()) + " parameters; this solver has " +
                             std::to_string(history.size()) + ".");
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    const caffe::BlobProto& blob = state.history(static_cast<int>(i));
    if (!history[i]->ShapeEquals(blob) || blob.data_size() != history[i]->count()) {
      throw NotState(path, "holds a history of another shape for parameter " + std::to_string(i) + ".");
    }
  }
  if (state.has_learned_net()) {
    CopyRequest request;
    request.weights.path = state.learned_net();
    // A snapshot that was moved as a whole: the weights lie beside the state.
    if (!std::filesystem::exists(request.weights.path)) {
      request.weights.path =
          (std::filesystem::path(path).parent_path() / std::filesystem::path(state.learned_net()).filename()).string();
    }
    CopyWeights(net_.get(), request);
  }
  const std::lock_guard lock(*net_->parameter_lock());
  for (std::size_t i = 0; i < history.size(); ++i) history[i]->FromProto(state.history(static_cast<int>(i)), false);
  Access::Iteration(solver()) = state.iter();
  Access::CurrentStep(solver()) = state.current_step();
}

void SolverState::Restore(const std::string& path) {
  const std::string contents = ReadFile(path);
  caffe::SolverState state;
  if (IsHdf5(contents)) {
    state = ReadHdf5State(contents, path);
  } else if (!state.ParseFromString(contents)) {
    throw NotState(path, "is no solver state, or a truncated one.");
  }
  RestoreFrom(state, path);
  recent_losses_.clear();
  RewindTo(solver().iter());
}

void SolverState::ApplyUpdate() {
  const std::lock_guard lock(*net_->parameter_lock());
  solver().ApplyUpdate();
}

void SolverState::Dispose() {
  net_->Dispose();
  for (const auto& net : test_nets_) net->Dispose();
  divergence_check_.reset();
  solver_.reset();
}

void SolverState::Abandon() {
  net_->Abandon();
  for (const auto& net : test_nets_) net->Abandon();
  static_cast<void>(solver_.release());
  static_cast<void>(divergence_check_.release());
}

int SolverState::iteration() const { return solver().iter(); }

float SolverState::learning_rate() const { return solver().GetLearningRate(); }

float SolverState::base_learning_rate() const { return solver().param().base_lr(); }

void SolverState::SetBaseLearningRate(float rate) { Access::Param(solver()).set_base_lr(rate); }

std::string SolverState::type() const { return solver().type(); }

}  // namespace caffe_node
