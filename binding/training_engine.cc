#include "training_engine.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <set>
#include <utility>

#include "blob_memory.h"
#include "failure.h"
#include "parameter_update.h"
#include "training_check.h"

namespace caffe_node {

namespace {

bool HasConvolution(const FloatNet& net) {
  return std::any_of(net.layers().begin(), net.layers().end(),
                     [](const auto& layer) { return layer->layer_param().type() == "Convolution"; });
}

// Why a net can have no plan, once and for all; throws it where the caller insists.
std::string WhyNever(const FloatNet& net, const EngineOptions& options) {
  if (options.choice == EngineChoice::kCaffe) return "engine: 'caffe'";
  if (DetectEngine().version.empty()) return "this build of caffe-node has no oneDNN";
  if (net.phase() != caffe::TRAIN) return "the net is of the phase 'test'";
  const std::optional<Obstacle> obstacle = WhyNotPlanned(net);
  if (obstacle && options.choice == EngineChoice::kOneDnn) {
    FailureDetails details;
    details.layer = obstacle->layer;
    details.hint = "Use engine: 'auto', which leaves such nets to Caffe.";
    throw Failure("UNSUPPORTED", "The fast engine cannot train the net '" + net.name() + "': " + obstacle->reason + ".",
                  std::move(details));
  }
  if (obstacle) return obstacle->reason;
  if (options.choice == EngineChoice::kAuto && !HasConvolution(net))
    return "it has no convolution, which is what a plan speeds up";
  const std::optional<Obstacle> remembers = WhyNotTrainedTwice(net);
  if (remembers && options.choice == EngineChoice::kAuto) return remembers->reason + ", so that it cannot be compared";
  return "";
}

// What Caffe took for a comparison, and a plan has no use for.
void FreeIntermediates(FloatNet* net) {
  std::set<int> kept(net->output_blob_indices().begin(), net->output_blob_indices().end());
  for (const int layer : LayersWithoutBottoms(*net)) kept.insert(net->top_ids(layer).begin(), net->top_ids(layer).end());
  for (int blob = 0; blob < static_cast<int>(net->blobs().size()); ++blob) {
    if (kept.count(blob) == 0) FreeValues(net->blobs()[static_cast<std::size_t>(blob)].get());
  }
}

}  // namespace

TrainingEngine::TrainingEngine(FloatNet* net, EngineOptions options)
    : net_(net), options_(std::move(options)), settled_(WhyNever(*net, options_)) {}

std::string TrainingEngine::WhyCaffe() const {
  if (!settled_.empty()) return settled_;
  return caffe::Caffe::mode() == caffe::Caffe::CPU ? "" : "the mode is 'gpu'";
}

float TrainingEngine::ForwardBackward(const StopFlag& stop, Gradients gradients) {
  const bool compare = options_.choice == EngineChoice::kAuto && !trusted_;
  const bool planned = !compare && Prepare();
  if (planned) return plan_->ForwardBackward(stop, TrainingBatch::kNext, gradients);
  if (gradients == Gradients::kReplace) ClearDiffs(net_);
  return compare ? Compare(stop) : net_->ForwardBackward();
}

bool TrainingEngine::Prepare() {
  const int threads = omp_get_max_threads();
  if (plan_ && threads_ == threads) return true;
  PlanSettings settings;
  settings.precision = options_.precision;
  settings.threads = threads;
  const std::string wrong = Try([&] { plan_ = PlanTraining(net_, settings); });
  if (!wrong.empty()) SettleOnCaffe(wrong);
  threads_ = threads;
  return wrong.empty();
}

// What counts is the plan's, so that a training that is taken up again goes on as it would have without the comparison.
float TrainingEngine::Compare(const StopFlag& stop) {
  const BatchState before(net_);
  const float caffes = net_->ForwardBackward();
  if (!std::isfinite(caffes)) return caffes;
  const BatchState behind(net_);
  FreeIntermediates(net_);
  if (!Prepare()) return caffes;
  before.PutBack();
  float planned = 0;
  std::string wrong = Try([&] { planned = plan_->ForwardBackward(stop, TrainingBatch::kSame, Gradients::kAdd); });
  if (wrong.empty()) wrong = Disagreement(*net_, options_.precision, planned, {before, behind, caffes});
  trusted_ = wrong.empty();
  if (trusted_) return planned;
  behind.PutBack();
  SettleOnCaffe(wrong);
  return caffes;
}

std::string TrainingEngine::Try(const std::function<void()>& body) const {
  try {
    body();
    return "";
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    if (failure.code() == "ABORTED" || options_.choice == EngineChoice::kOneDnn) throw failure;
    return failure.what();
  }
}

void TrainingEngine::SettleOnCaffe(const std::string& reason) {
  LOG(WARNING) << "The net '" << net_->name() << "' is trained by Caffe, not by the fast engine: " << reason;
  settled_ = reason;
  plan_.reset();
}

std::optional<PlanFacts> TrainingEngine::Describe() const {
  if (!plan_) return std::nullopt;
  PlanFacts facts{{{}, threads_, {}}, {}, plan_->Describe(), plan_->Bytes()};
  for (const int layer : LayersWithoutBottoms(*net_)) {
    for (const int blob : net_->top_ids(layer)) {
      facts.inputs.push_back(net_->blob_names()[static_cast<std::size_t>(blob)]);
      facts.purpose.shapes.push_back(net_->blobs()[static_cast<std::size_t>(blob)]->shape());
    }
  }
  for (const int blob : net_->output_blob_indices()) {
    facts.purpose.wanted.push_back(net_->blob_names()[static_cast<std::size_t>(blob)]);
  }
  return facts;
}

}  // namespace caffe_node
