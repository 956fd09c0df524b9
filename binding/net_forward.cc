// The part of NetState that runs layers: by its engines or by Caffe.
#include <algorithm>
#include <numeric>
#include <utility>

#include "failure.h"
#include "flavour.h"
#include "net_engine.h"
#include "net_state.h"
#include "parameter_lock.h"
#include "parameter_update.h"
#include "training_engine.h"

namespace caffe_node {

void NetState::UseEngine(EngineOptions options) {
  training_ = std::make_unique<TrainingEngine>(net_.get(), options);
  engine_ = std::make_unique<NetEngine>(net_.get(), std::move(options));
}

NetEngine& NetState::engine() const {
  static_cast<void>(net());
  return *engine_;
}

void NetState::Compute(const RunRequest& request, const StopFlag& stop) {
  std::string why = engine_->WhyCaffe();
  if (request.first > 0 || request.last + 1 < static_cast<int>(layers_.size())) why = "the run had a start or an end";
  if (events_->hears_forward()) why = "the run had listeners";
  // Where forward and backward runs alternate, Caffe would have to compute each forward run again.
  if (std::exchange(ran_backward_, false)) why = "the run before was a backward run";
  if (why.empty()) return ComputeByEngine(request, stop);
  if (is_train_) flavour::Seed(MixSeed(seed_, train_runs_++));
  ComputeInCaffe(request.first, request.last, stop);
  NoteCaffeRun(request.first, request.last, why);
}

void NetState::ComputeByEngine(const RunRequest& request, const StopFlag& stop) {
  Watched(stop, [&] {
    for (const int layer : LayersWithoutBottoms(*net_)) net_->ForwardFromTo(layer, layer);
  });
  Watched(stop, [&] {
    if (ShapesAreGood()) {
      engine_->Forward(request.fetch, request.timed, parameter_lock_, stop);
    } else {
      // Caffe's layers take shapes up as they run; from the next run on there can be a plan for these.
      engine_->ForwardInCaffe("the data came in another shape");
    }
  });
  KeepShapes();
}

void NetState::ComputeInCaffe(int first, int last, const StopFlag& stop) {
  Watched(stop, [&] { net_->ForwardFromTo(first, last); });
  // Running statistics.
  if (is_train_) NoteParametersChanged();
  // A layer may shape its tops by what it computes. Those above take that up when they run.
  const int adapted = adapted_;
  const bool changed = !ShapesAreGood();
  KeepShapes();
  if (first > adapted + 1) {
    adapted_ = adapted;
  } else {
    adapted_ = changed ? last : std::max(adapted, last);
  }
}

void NetState::NoteCaffeRun(int first, int last, const std::string& reason) {
  engine_->NoteCaffeRun(reason, first == 0 && last + 1 == static_cast<int>(layers_.size()));
  if (engine_->AllComputed()) return;
  for (int layer = first; layer <= last; ++layer) {
    for (const std::string& top : layers_[static_cast<std::size_t>(layer)].tops) engine_->NoteComputed(top);
  }
  engine_->NoteGiven(parameter_lock_);
}

float NetState::ForwardWithLoss(const StopFlag& stop) {
  RunRequest request;
  request.last = static_cast<int>(layers_.size()) - 1;
  std::vector<std::pair<FloatBlob*, float>> losses;
  for (const LayerFacts& layer : layers_) {
    for (std::size_t top = 0; top < layer.tops.size(); ++top) {
      if (layer.loss_weights[top] == 0) continue;
      request.fetch.push_back(layer.tops[top]);
      losses.emplace_back(net_->blob_by_name(layer.tops[top]).get(), layer.loss_weights[top]);
    }
  }
  Compute(request, stop);
  float sum = 0;
  for (const auto& [blob, weight] : losses)
    sum += weight * std::accumulate(blob->cpu_data(), blob->cpu_data() + blob->count(), 0.0f);
  return sum;
}

float NetState::ForwardBackward(const std::string& why_caffe, Gradients gradients, const StopFlag& stop) {
  std::string why = why_caffe.empty() ? training_->WhyCaffe() : why_caffe;
  if (events_->hears_any()) why = "the run had listeners";
  // Before the run: one that fails has computed some blobs and left others.
  if (why.empty()) engine_->NoteTrainingRun();
  float loss = 0;
  if (!why.empty() && gradients == Gradients::kReplace) ClearDiffs(net_.get());
  Watched(stop, [&] { loss = why.empty() ? training_->ForwardBackward(stop, gradients) : net_->ForwardBackward(); });
  engine_->NoteCaffeRun(why.empty() ? training_->WhyCaffe() : why, !why.empty());
  return loss;
}

TrainingEngine& NetState::training() const {
  static_cast<void>(net());
  return *training_;
}

void NetState::ComputeBlob(const std::string& name, const StopFlag& stop) {
  const StoppableLockGuard lock(*parameter_lock_, stop);
  static_cast<void>(net());
  ComputeRest(stop);
  engine_->Want({name});
}

void NetState::ComputeRest(const StopFlag& stop) {
  if (!engine_->AllComputed()) Watched(stop, [&] { engine_->ComputeRest(parameter_lock_); });
}

}  // namespace caffe_node
