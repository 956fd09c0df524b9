#include "net_engine.h"

#include <omp.h>

#include <algorithm>
#include <caffe/common.hpp>
#include <utility>

#include "failure.h"
#include "memory_check.h"
#include "message.h"
#include "not_finite.h"

namespace caffe_node {

namespace {

// So that batches that alternate, and the rest at the end of a folder, find their plan again: two in any case, more of small
// ones.
constexpr std::size_t kLeastPlans = 2;
constexpr std::size_t kMostPlans = 8;
constexpr std::int64_t kMostBytes = std::int64_t{256} << 20;

std::vector<int> BlobsWithoutBottoms(const FloatNet& net) {
  std::vector<int> blobs;
  for (const int layer : LayersWithoutBottoms(net)) {
    blobs.insert(blobs.end(), net.top_ids(layer).begin(), net.top_ids(layer).end());
  }
  return blobs;
}

// Why a net can have no plan, once and for all; throws it where the caller insists.
std::string WhyNever(const FloatNet& net, const EngineOptions& options, const std::optional<Obstacle>& not_repeated) {
  if (options.choice == EngineChoice::kCaffe) return "engine: 'caffe'";
  if (DetectEngine().version.empty()) return "this build of caffe-node has no oneDNN";
  if (net.phase() != caffe::TEST) return "the net is of the phase 'train'";
  const std::optional<Obstacle> obstacle = WhyNotPlanned(net);
  if (obstacle && options.choice == EngineChoice::kOneDnn) {
    FailureDetails details;
    details.layer = obstacle->layer;
    details.hint = "Use engine: 'auto', which leaves such nets to Caffe.";
    throw Failure("UNSUPPORTED", "The fast engine cannot run the net '" + net.name() + "': " + obstacle->reason + ".",
                  std::move(details));
  }
  if (obstacle) return obstacle->reason;
  // It can be neither compared nor continued by Caffe.
  if (not_repeated && options.choice != EngineChoice::kOneDnn) return not_repeated->reason;
  return "";
}

bool IsBlank(const FloatBlob& blob) {
  const float* const values = blob.cpu_data();
  return std::all_of(values, values + blob.count(), [](float value) { return value == 0; });
}

bool Contains(const std::vector<PlanPurpose>& purposes, const PlanPurpose& one) {
  return std::find(purposes.begin(), purposes.end(), one) != purposes.end();
}

Failure NotComputed(const std::string& blob, const std::string& message, const std::string& hint) {
  FailureDetails details;
  details.blob = blob;
  details.hint = hint;
  return Failure("NOT_COMPUTED", message, std::move(details));
}

}  // namespace

NetEngine::NetEngine(FloatNet* net, EngineOptions options)
    : net_(net),
      options_(std::move(options)),
      cache_(options_.cache),
      inputs_(BlobsWithoutBottoms(*net)),
      not_repeated_(WhyNotRepeated(*net)),
      settled_(WhyNever(*net, options_, not_repeated_)),
      parameters_(*net),
      filed_(cache_.Folder()),
      reason_(settled_) {
  std::vector<std::string> outputs;
  for (const int index : net->output_blob_indices()) outputs.push_back(NameOf(index));
  Want(outputs);
}

std::string NetEngine::WhyCaffe() const {
  if (!settled_.empty()) return settled_;
  return caffe::Caffe::mode() == caffe::Caffe::CPU ? "" : "the mode is 'gpu'";
}

void NetEngine::Want(const std::vector<std::string>& blobs) {
  for (const std::string& name : blobs) {
    const bool known = std::find(wanted_.begin(), wanted_.end(), name) != wanted_.end();
    const bool given = std::any_of(inputs_.begin(), inputs_.end(), [&](int blob) { return NameOf(blob) == name; });
    if (!known && !given) wanted_.push_back(name);
  }
}

void NetEngine::Forward(const std::vector<std::string>& fetch, bool timed, const std::shared_ptr<ParameterLock>& parameters,
                        const StopFlag& stop) {
  Want(fetch);
  all_computed_ = false;
  computed_.clear();
  NoteGiven(parameters);
  if (const std::string why = WhyNotNow(); !why.empty()) return ForwardInCaffe(why);
  const PlanPurpose purpose{given_shapes_, omp_get_max_threads(), wanted_};
  const std::optional<std::string> verdict = VerdictOn(purpose);
  if (!verdict) return Compare(purpose, stop);
  if (!verdict->empty()) SettleOnCaffe(*verdict);
  if (!settled_.empty() || !Prepare(purpose)) return ForwardInCaffe(settled_);
  ReleaseOriginals();  // before the run touches the plan's buffers, so that both are not there at the same time
  InferencePlan& plan = *plans_.front().steps;
  try {
    timed ? plan.RunTimed(stop) : plan.Run(stop);
  } catch (const NotFinite& found) {
    if (not_repeated_) throw;
    return ForwardInCaffe(found.what());
  }
  computed_.insert(wanted_.begin(), wanted_.end());
  reason_.clear();
}

void NetEngine::NoteGiven(const std::shared_ptr<ParameterLock>& parameters) {
  trained_ = false;
  given_values_.assign(inputs_.size(), std::nullopt);
  const std::set<const caffe::SyncedMemory*> viewed = input_changes_.Viewed();
  given_version_ = input_changes_.version();
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const FloatBlob& blob = BlobAt(inputs_[i]);
    computed_.insert(NameOf(inputs_[i]));  // by whoever gave it
    if (viewed.count(MemoryOf(blob, Part::kData).get()) > 0) given_values_[i] = FingerprintOf(blob);
  }
  given_shapes_ = InputShapes();
  parameters_.Look(parameters);
  given_parameters_ = parameters_.seen();
}

std::vector<std::vector<int>> NetEngine::InputShapes() const {
  std::vector<std::vector<int>> shapes;
  for (const int blob : inputs_) shapes.push_back(BlobAt(blob).shape());
  return shapes;
}

// oneDNN's activations and poolings turn NaN into numbers, where Caffe's hand it on to whoever is to see it.
std::string NetEngine::WhyNotNow() const {
  for (const int blob : inputs_) {
    if (!IsFinite(BlobAt(blob))) return "the input '" + NameOf(blob) + "' holds NaN or infinite values";
  }
  const int layer = parameters_.FirstNotFinite();
  if (layer < 0) return "";
  return "the parameters of layer '" + net_->layer_names()[static_cast<std::size_t>(layer)] + "' hold NaN or infinite values";
}

std::optional<std::string> NetEngine::VerdictOn(const PlanPurpose& purpose) {
  if (options_.choice != EngineChoice::kAuto) return "";
  if (Contains(trusted_, purpose) || (Contains(trusted_with_zeros_, purpose) && InputsAreBlank())) return "";
  std::optional<std::string> verdict = cache_.Verdict(SubjectOf(purpose));
  if (verdict && verdict->empty()) trusted_.push_back(purpose);
  return verdict;
}

std::string NetEngine::SubjectOf(const PlanPurpose& purpose) {
  if (model_.empty()) {
    caffe::NetParameter model;
    for (const auto& layer : net_->layers()) {
      *model.add_layer() = layer->layer_param();
      model.mutable_layer(model.layer_size() - 1)->clear_blobs();
    }
    model_ = HashText(PrintText(model));
  }
  Fingerprint parameters;
  for (const ParameterWatch::Layer& layer : given_parameters_) parameters = Together(parameters, layer.values);
  std::string subject =
      model_ + " " + std::to_string(parameters.hash) + (options_.precision == Precision::kF32 ? " f32" : " bf16");
  subject += " " + std::to_string(purpose.threads);
  for (const std::vector<int>& shape : purpose.shapes) {
    subject += " [";
    for (const int extent : shape) subject += " " + std::to_string(extent);
    subject += " ]";
  }
  for (const std::string& name : purpose.wanted) subject += "\n" + name;
  return subject;
}

bool NetEngine::Prepare(const PlanPurpose& purpose) {
  const std::string wrong = Try([&] {
    const auto known = std::find_if(plans_.begin(), plans_.end(), [&](const Plan& plan) { return plan.purpose == purpose; });
    if (known != plans_.end()) {
      plans_.splice(plans_.begin(), plans_, known);
    } else {
      plans_.remove_if([&](const Plan& plan) { return plan.purpose.wanted != purpose.wanted; });  // never wanted again
      while (plans_.size() >= kLeastPlans && (plans_.size() >= kMostPlans || Bytes() > kMostBytes)) plans_.pop_back();
      const PlanSettings settings{options_.precision, purpose.threads, purpose.wanted, cache_.TuningFile()};
      plans_.push_front({purpose, PlanInference(net_, settings), parameters_.seen()});
    }
    Plan& plan = plans_.front();
    const std::vector<int> changed = parameters_.Differing(plan.parameters);
    if (changed.empty()) return;
    plan.steps->UpdateParameters(changed);
    plan.parameters = parameters_.seen();
    plan.fresh = true;
  });
  if (!wrong.empty()) SettleOnCaffe(wrong);
  return wrong.empty();
}

void NetEngine::ReleaseOriginals() {
  Plan& plan = plans_.front();
  if (!options_.release_originals || !std::exchange(plan.fresh, false)) return;
  const std::set<const FloatBlob*> used = plan.steps->ParametersInUse();
  for (std::size_t layer = 0; layer < net_->layers().size(); ++layer) {
    for (const auto& blob : net_->layers()[layer]->blobs()) {
      if (used.count(blob.get()) == 0) filed_.Move(blob.get());
    }
    parameters_.NoteMoved(static_cast<int>(layer));
    plan.parameters[layer] = parameters_.seen()[layer];
  }
  ReturnFreedMemory();
}

void NetEngine::Compare(const PlanPurpose& purpose, const StopFlag& stop) {
  // Before the plan takes its memory.
  const CaffesAnswer answer(net_, wanted_);
  std::string wrong;
  if (Prepare(purpose)) {
    wrong = Try([&] { plans_.front().steps->Run(stop); });
    const bool failed = !wrong.empty();
    if (!failed) wrong = answer.Disagreement(options_.precision);
    if (!failed && (!wrong.empty() || !InputsAreBlank())) cache_.Keep(SubjectOf(purpose), wrong);
    if (!wrong.empty()) SettleOnCaffe(wrong);
  }
  computed_.insert(wanted_.begin(), wanted_.end());
  reason_ = settled_;
  if (!settled_.empty()) return answer.PutBack();
  (InputsAreBlank() ? trusted_with_zeros_ : trusted_).push_back(purpose);
  ReleaseOriginals();
}

bool NetEngine::InputsAreBlank() const {
  return std::all_of(inputs_.begin(), inputs_.end(), [&](int blob) { return IsBlank(BlobAt(blob)); });
}

std::string NetEngine::Try(const std::function<void()>& body) const {
  try {
    body();
    return "";
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    if (failure.code() == "ABORTED" || options_.choice == EngineChoice::kOneDnn) throw failure;
    return failure.what();
  }
}

void NetEngine::ForwardInCaffe(const std::string& reason) {
  reason_ = reason;
  RunLayersWithBottoms(net_);
  all_computed_ = true;
}

void NetEngine::SettleOnCaffe(const std::string& reason) {
  LOG(WARNING) << "The net '" << net_->name() << "' runs in Caffe, not in the fast engine: " << reason;
  settled_ = reason;
  reason_ = reason;
  plans_.clear();
}

void NetEngine::NoteCaffeRun(std::string reason, bool all) {
  reason_ = std::move(reason);
  all_computed_ = all_computed_ || all;
}

void NetEngine::NoteTrainingRun() {
  all_computed_ = false;
  trained_ = true;
  computed_.clear();
  given_values_.assign(inputs_.size(), std::nullopt);
  for (const int blob : inputs_) computed_.insert(NameOf(blob));
  for (const int blob : net_->output_blob_indices()) computed_.insert(NameOf(blob));
  reason_.clear();
}

void NetEngine::RequireComputed(const std::string& blob) const {
  if (IsComputed(blob)) return;
  throw NotComputed(
      blob, "The blob '" + blob + "' was not computed: the fast engine computes the outputs, and the blobs that `blobs` names.",
      "Name it in `blobs`, use `await blob.read()`, or load the net with engine: 'caffe'.");
}

void NetEngine::NoteComputed(const std::string& blob) {
  computed_.insert(blob);
  NoteWritten(*net_->blob_by_name(blob));
}

void NetEngine::NoteWritten(const FloatBlob& blob) {
  // The tops of Split and Flatten lie in the memory of their bottom.
  const auto lies_there = [&](int input) { return MemoryOf(BlobAt(input), Part::kData) == MemoryOf(blob, Part::kData); };
  if (std::any_of(inputs_.begin(), inputs_.end(), lies_there)) input_changes_.Note();
}

void NetEngine::NoteView(const BlobMemory& held_by_view) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (MemoryOf(BlobAt(inputs_[i]), Part::kData).get() != held_by_view.get()) continue;
    // While it still is what the last run was given.
    const bool known = all_computed_ || given_values_[i] || input_changes_.version() != given_version_;
    if (!known) given_values_[i] = FingerprintOf(BlobAt(inputs_[i]));
    input_changes_.Watch(held_by_view);
  }
}

bool NetEngine::IsAsGiven(std::size_t input, const std::set<const caffe::SyncedMemory*>& viewed) {
  const FloatBlob& blob = BlobAt(inputs_[input]);
  if (blob.shape() != given_shapes_[input]) return false;
  if (given_values_[input]) return FingerprintOf(blob) == *given_values_[input];
  return input_changes_.version() == given_version_ && viewed.count(MemoryOf(blob, Part::kData).get()) == 0;
}

void NetEngine::RequireAsGiven(const std::shared_ptr<ParameterLock>& parameters) {
  if (trained_) {
    throw NotComputed("",
                      "What the last step of the solver did not compute cannot be computed any more: it changed the parameters.",
                      "Load the solver with engine: 'caffe'.");
  }
  parameters_.Look(parameters);
  const std::set<const caffe::SyncedMemory*> viewed = input_changes_.Viewed();
  std::string changed;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!IsAsGiven(i, viewed)) changed = "'" + NameOf(inputs_[i]) + "' has changed since";
  }
  if (!parameters_.SameValues(given_parameters_)) changed = "the parameters have changed since";
  if (not_repeated_) changed = not_repeated_->reason;
  if (changed.empty()) return;
  throw NotComputed("", "What the last run did not compute cannot be computed any more: " + changed + ".",
                    "Name the blobs in `blobs` of the run, or load the net with engine: 'caffe'.");
}

void NetEngine::ComputeRest(const std::shared_ptr<ParameterLock>& parameters) {
  if (all_computed_) return;
  RequireAsGiven(parameters);
  // What was seen of the last run stays to the last bit.
  const KeptValues kept(net_, {computed_.begin(), computed_.end()});
  try {
    RunLayersWithBottoms(net_);
  } catch (...) {
    kept.PutBack();
    throw;
  }
  kept.PutBack();
  all_computed_ = true;
}

std::optional<PlanFacts> NetEngine::Describe() const {
  if (plans_.empty() || !reason_.empty()) return std::nullopt;
  const Plan& plan = plans_.front();
  PlanFacts facts{plan.purpose, {}, plan.steps->Describe(), plan.steps->Bytes()};
  for (const int blob : inputs_) facts.inputs.push_back(NameOf(blob));
  return facts;
}

std::int64_t NetEngine::Bytes() const {
  std::int64_t bytes = 0;
  for (const Plan& plan : plans_) bytes += plan.steps->Bytes();
  return bytes;
}

}  // namespace caffe_node
