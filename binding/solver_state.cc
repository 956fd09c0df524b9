#include "solver_state.h"

#include <cmath>
#include <exception>
#include <filesystem>
#include <limits>
#include <numeric>
#include <utility>

#include "checks/creation.h"
#include "checks/initial_weights.h"
#include "engine_options.h"
#include "failure.h"
#include "flavour.h"
#include "layers/data_layer.h"
#include "main_call.h"
#include "parameter_lock.h"
#include "parameter_update.h"
#include "running_statistics.h"
#include "solver_access.h"
#include "solver_check.h"

namespace caffe_node {

namespace {

bool IsDue(int interval, int iteration) { return interval > 0 && iteration % interval == 0; }

void WarnOfGpu(const caffe::SolverParameter& param) {
  if (!param.has_solver_mode() || param.solver_mode() != caffe::SolverParameter::GPU || flavour::HasCuda()) return;
  LOG(WARNING) << "solver_mode: GPU, and this Caffe was built without CUDA: the solver runs on the CPU.";
}

// As Caffe does when snapshots are asked for: the end of a long training is a bad time to learn of it.
void CheckSnapshotFolder(const caffe::SolverParameter& param) {
  if (param.snapshot() == 0) return;
  const std::filesystem::path folder = std::filesystem::path(param.snapshot_prefix()).parent_path();
  std::error_code unreadable;
  if (folder.empty() || std::filesystem::is_directory(folder, unreadable)) return;
  FailureDetails details;
  details.file = param.snapshot_prefix();
  details.hint = "Make the folder, or choose another snapshot_prefix.";
  throw Failure("FILE", "The folder of snapshot_prefix: \"" + param.snapshot_prefix() + "\" does not exist.", std::move(details));
}

void AddOutputs(const NetState& net, std::vector<NamedTensor>* sums) {
  const bool first = sums->empty();
  for (std::size_t i = 0; i < net.outputs().size(); ++i) {
    TensorData values = CopyOf(*net.BlobNamed(net.outputs()[i]), Part::kData);
    if (first) {
      sums->push_back({net.outputs()[i], std::move(values)});
      continue;
    }
    TensorData& sum = (*sums)[i].tensor;
    if (values.shape != sum.shape) {
      FailureDetails details;
      details.blob = net.outputs()[i];
      details.hint = "A mean needs outputs of one shape: leave this blob unused in the test net, or read it by net.forward().";
      throw Failure("SHAPE",
                    "The output '" + details.blob + "' changes its shape from batch to batch: " + ShapeText(sum.shape) +
                        ", then " + ShapeText(values.shape) + ".",
                    details);
    }
    for (std::size_t j = 0; j < sum.data.size(); ++j) sum.data[j] += values.data[j];
  }
}

}  // namespace

SolverState::SolverState(Lane* lane, const caffe::SolverParameter& param, const std::vector<WeightsSource>& weights,
                         unsigned seed)
    : lane_(lane), seed_(param.random_seed() >= 0 ? static_cast<unsigned>(param.random_seed()) : seed), settings_(param) {
  WarnOfGpu(param);
  CheckSnapshotFolder(param);
  caffe::SolverParameter ours = param;
  ours.set_solver_mode(caffe::SolverParameter::CPU);
  ours.set_random_seed(static_cast<int>(seed_ & 0x7fffffff));
  ours.set_snapshot(0);
  ours.clear_weights();
  Build(ours);
  settings_ = solver_->param();
  for (const auto clear : {&caffe::SolverParameter::clear_net_param, &caffe::SolverParameter::clear_train_net_param,
                           &caffe::SolverParameter::clear_test_net_param}) {
    (settings_.*clear)();
  }
  settings_.set_snapshot(param.snapshot());
  PassSettings();
  debug_ = std::make_unique<DebugRecorder>(solver_->net().get());
  display_.Begin(solver_->iter());
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

void SolverState::UseEngine(const EngineOptions& options) {
  net_->UseEngine(options);
  for (const auto& net : test_nets_) net->UseEngine(options);
}

caffe::SGDSolver<float>& SolverState::solver() const {
  if (!solver_) throw Failure("DISPOSED", "The solver has been disposed.");
  return static_cast<caffe::SGDSolver<float>&>(*solver_);  // every solver of Caffe is one
}

void SolverState::Change(const caffe::SolverParameter& change) {
  const std::lock_guard<std::mutex> lock(change_mutex_);
  if (!change_) change_.emplace();
  ApplyChange(change, &*change_);
}

void SolverState::TakeUpChanges() {
  const std::lock_guard<std::mutex> lock(change_mutex_);
  if (!change_) return;
  ApplyChange(*change_, &settings_);
  change_.reset();
  PassSettings();
  TrimLosses();
}

// Caffe is to do neither tests nor snapshots within Step.
void SolverState::PassSettings() {
  caffe::SolverParameter& param = SolverAccess::Param(*solver_);
  param = settings_;
  param.set_snapshot(0);
  param.set_test_interval(0);
}

// Asking Caffe for the rate moves the policy "multistep" on: it is to be asked once an iteration, by Caffe itself.
float SolverState::PolicyRate() const {
  int& step = SolverAccess::CurrentStep(solver());
  const int kept = step;
  const float rate = solver().GetLearningRate();
  step = kept;
  return rate;
}

float SolverState::RequireRate() const {
  if (solver().iter() == std::numeric_limits<int>::max())
    throw Failure("INPUT", "Caffe counts no more than 2^31 - 1 iterations.");
  const float rate = PolicyRate();
  if (std::isfinite(rate) && rate >= 0) return rate;
  FailureDetails details;
  details.hint = settings_.lr_policy() == "poly" ? "The policy \"poly\" ends at max_iter: raise it to train longer."
                                                 : "Check gamma and power.";
  throw Failure("INPUT",
                "The policy \"" + settings_.lr_policy() + "\" gives the learning rate " + std::to_string(rate) +
                    " for iteration " + std::to_string(solver().iter()) + ".",
                std::move(details));
}

bool SolverState::DebugIsDue() const {
  return settings_.debug_info() && (settings_.display() == 0 || IsDue(settings_.display(), solver_->iter()));
}

void SolverState::TrimLosses() {
  while (recent_losses_.size() > static_cast<std::size_t>(settings_.average_loss())) recent_losses_.pop_front();
}

float SolverState::SmoothedLoss() const {
  if (recent_losses_.empty()) return std::numeric_limits<float>::quiet_NaN();
  const float sum = std::accumulate(recent_losses_.begin(), recent_losses_.end(), 0.0f);
  return sum / static_cast<float>(recent_losses_.size());
}

// The gradients of iter_size batches, added up in the diffs of the parameters, and their mean loss. The first ones take the place
// of what the diffs hold, which need not be cleared: that would be one more pass over as much memory as the parameters take.
float SolverState::ForwardBackward(const StopFlag& within) {
  const std::string why_caffe = DebugIsDue() ? "debug_info looks at all blobs" : "";
  float loss = 0;
  for (int i = 0; i < settings_.iter_size(); ++i) {
    loss += net_->ForwardBackward(why_caffe, i == 0 ? Gradients::kReplace : Gradients::kAdd, within);
  }
  loss /= static_cast<float>(settings_.iter_size());
  if (std::isfinite(loss)) return loss;
  throw Failure("DIVERGED", "The loss is not a number.");
}

// One iteration, as Caffe's Solver::Step goes through it.
float SolverState::Iterate(const StopFlag& within, StepObserver* observer) {
  FloatNet& net = net_->net();
  const bool display = IsDue(settings_.display(), solver_->iter());
  if (observer->HearsStarted()) ClearDiffs(&net);
  net_->Lend([&] { observer->Started(); });
  net.set_debug_info(display && settings_.debug_info());
  const float loss = ForwardBackward(within);
  recent_losses_.push_back(loss);
  TrimLosses();
  if (display) display_.Log(net, solver_->iter(), settings_.display(), SmoothedLoss());
  debug_->GradientsReady();
  net_->Lend([&] { observer->GradientsReady(); });
  UpdateParameters(&solver());
  return loss;
}

// All of an iteration or, as far as what was learned goes, nothing.
float SolverState::IterateWhole(const StopFlag& within, StepObserver* observer) {
  const StoppableLockGuard lock(*net_->parameter_lock(), within);
  const RunningStatistics statistics(net_->net());
  const int step = SolverAccess::CurrentStep(*solver_);
  const std::deque<float> losses = recent_losses_;
  if (DebugIsDue()) debug_->Begin();
  try {
    return Iterate(within, observer);
  } catch (...) {
    debug_->Cancel();
    statistics.Restore();
    SolverAccess::CurrentStep(*solver_) = step;
    recent_losses_ = losses;
    throw;
  }
}

void SolverState::StepOnce(const StopFlag& within, StepObserver* observer, StepResult* result) {
  const int former = solver().iter();
  result->learning_rate = RequireRate();
  flavour::Seed(MixSeed(seed_, static_cast<std::uint64_t>(former)));
  const bool debug = DebugIsDue();
  const double waited = SecondsWaited(net_->net());
  try {
    result->loss = IterateWhole(within, observer);
    result->smoothed_loss = SmoothedLoss();
  } catch (const Failure& failure) {
    if (failure.code() != "DIVERGED") throw;
    result->diverged = true;
    result->loss = std::numeric_limits<float>::quiet_NaN();
    result->smoothed_loss = result->loss;
  }
  result->iteration = solver().iter();
  net_->NoteParametersChanged();
  result->waiting = SecondsWaited(net_->net()) - waited;
  net_->KeepShapes();
  if (debug && !result->diverged) observer->Debugged(debug_->End(result->iteration));
}

StepResult SolverState::Step(int count, const StopFlag& between, const StopFlag& within, StepObserver* observer) {
  StepResult result;
  for (int i = 0; i < count && !result.diverged; ++i) {
    if (i > 0) between.Check();
    TakeUpChanges();
    TestIfDue(between, within, observer);
    StepOnce(within, observer, &result);
    if (!result.diverged && IsDue(settings_.snapshot(), result.iteration)) observer->Snapshotted(Snapshot());
  }
  if (count == 0) {
    TakeUpChanges();
    result.loss = recent_losses_.empty() ? std::numeric_limits<float>::quiet_NaN() : recent_losses_.back();
    result.smoothed_loss = SmoothedLoss();
    result.iteration = solver().iter();
    result.learning_rate = PolicyRate();
  }
  for (const std::string& name : net_->outputs()) result.outputs.push_back({name, CopyOf(*net_->BlobNamed(name), Part::kData)});
  return result;
}

void SolverState::TestIfDue(const StopFlag& between, const StopFlag& within, StepObserver* observer) {
  const int iteration = solver().iter();
  if (!IsDue(settings_.test_interval(), iteration) || (iteration == 0 && !settings_.test_initialization())) return;
  for (std::size_t i = 0; i < test_nets_.size(); ++i) observer->Tested(Test(static_cast<int>(i), between, within));
}

TestResult SolverState::Test(int index, const StopFlag& between, const StopFlag& within) {
  TakeUpChanges();
  NetState& net = *test_nets_.at(static_cast<std::size_t>(index));
  const int batches = settings_.test_iter(index);
  TestResult result;
  result.iteration = solver().iter();
  result.index = index;
  net.ShareWith(*net_);  // as Caffe does before each test: shareWeights may have given the train net other parameters
  net.Rewind(0);
  const StoppableLockGuard lock(*net.parameter_lock(), within);
  float loss = 0;
  for (int batch = 0; batch < batches; ++batch) {
    between.Check();
    loss += net.ForwardWithLoss(within);
    AddOutputs(net, &result.outputs);
  }
  for (NamedTensor& output : result.outputs) {
    for (float& value : output.tensor.data) value /= static_cast<float>(batches);
  }
  if (settings_.test_compute_loss()) result.loss = loss / static_cast<float>(batches);
  return result;
}

void SolverState::ApplyUpdate(void (*update)(caffe::SGDSolver<float>* solver)) {
  TakeUpChanges();
  RequireRate();
  const StoppableLockGuard lock(*net_->parameter_lock(), *JobContext::Current().stop);
  update(&solver());
  net_->NoteParametersChanged();
}

void SolverState::Dispose() {
  net_->Dispose();
  for (const auto& net : test_nets_) net->Dispose();
  solver_.reset();
  debug_.reset();
}

void SolverState::Abandon() {
  net_->Abandon();
  for (const auto& net : test_nets_) net->Abandon();
  static_cast<void>(solver_.release());
  static_cast<void>(debug_.release());
}

int SolverState::iteration() const { return solver().iter(); }

float SolverState::learning_rate() {
  static_cast<void>(solver());
  if (!net_->lent()) TakeUpChanges();  // not in the middle of an iteration
  return PolicyRate();
}

}  // namespace caffe_node
