// The training plan: runs the stages of a program that was made for the shapes that the net had.
#include <algorithm>
#include <utility>

#include "../failure.h"
#include "../net_plan.h"
#include "../parameter_update.h"
#include "flush_scope.h"
#include "milliseconds.h"
#include "training_program.h"

namespace caffe_node::onednn {

namespace {

class Plan final : public TrainingPlan {
 public:
  Plan(FloatNet* net, const PlanSettings& settings)
      : net_(net), settings_(settings), shapes_(Shapes()), program_(BuildTrainingProgram(net, settings)) {}

  float ForwardBackward(const StopFlag& stop, TrainingBatch batch, Gradients gradients) override;
  std::vector<PlannedStep> Describe() const override;
  std::int64_t Bytes() const override { return program_->buffers.bytes(); }

 private:
  using AllShapes = std::vector<std::vector<int>>;

  AllShapes Shapes() const;
  bool FitsTops(int layer) const;
  bool KeepsData(const TrainingStage& stage) const;
  float RunStages(const StopFlag& stop, TrainingBatch batch);
  float RunInCaffe(int first);
  void Run(TrainingStage* stage) const;
  void RunNamed(TrainingStage* stage) const;
  FailureDetails InLayer(int layer) const;

  FloatNet* const net_;
  const PlanSettings settings_;
  AllShapes shapes_;  // of all blobs, that the program is made for
  AllShapes others_;  // that were seen last in their place
  std::unique_ptr<TrainingProgram> program_;
};

Plan::AllShapes Plan::Shapes() const {
  AllShapes shapes;
  for (const auto& blob : net_->blobs()) shapes.push_back(blob->shape());
  return shapes;
}

bool Plan::FitsTops(int layer) const {
  const std::vector<int>& tops = net_->top_ids(layer);
  return std::all_of(tops.begin(), tops.end(), [this](int blob) {
    return net_->blobs()[static_cast<std::size_t>(blob)]->shape() == shapes_[static_cast<std::size_t>(blob)];
  });
}

// A layer that reads data would go on to the next. One that makes it up draws the same random numbers as before.
bool Plan::KeepsData(const TrainingStage& stage) const {
  if (stage.layer == kNone || !net_->bottom_ids(stage.layer).empty()) return false;
  return net_->layers()[static_cast<std::size_t>(stage.layer)]->layer_param().type() != "DummyData";
}

float Plan::ForwardBackward(const StopFlag& stop, TrainingBatch batch, Gradients gradients) {
  if (AllShapes now = Shapes(); now != shapes_) {
    // Shapes that change with every batch are not worth a program each.
    if (now != others_ && batch == TrainingBatch::kNext) {
      others_ = std::move(now);
      if (gradients == Gradients::kReplace) ClearDiffs(net_);
      return RunInCaffe(0);
    }
    program_ = BuildTrainingProgram(net_, settings_);
    shapes_ = std::move(now);
  }
  program_->adds = gradients == Gradients::kAdd;
  if (program_->adds) return RunStages(stop, batch);
  ClearDiffs(program_->cleared);
  try {
    return RunStages(stop, batch);
  } catch (...) {
    ClearDiffs(net_);  // gradients of some layers, and of others what was there before: nobody could tell which
    throw;
  }
}

float Plan::RunStages(const StopFlag& stop, TrainingBatch batch) {
  const FlushScope flush;
  program_->loss = 0;
  bool all_in_caffe = true;  // so far
  for (TrainingStage& stage : program_->stages) {
    stop.Check();
    if (batch == TrainingBatch::kSame && KeepsData(stage)) continue;
    RunNamed(&stage);
    all_in_caffe = all_in_caffe && stage.in_caffe;
    if (!stage.in_caffe || FitsTops(stage.layer)) continue;
    if (all_in_caffe) {
      if (!program_->adds) ClearDiffs(net_);
      return program_->loss + RunInCaffe(stage.layer + 1);
    }
    FailureDetails details = InLayer(stage.layer);
    details.hint = "Use engine: 'caffe' for a net whose shapes depend on what is in its blobs.";
    throw Failure("UNSUPPORTED", "The layer gave its top another shape than the plan was made for.", std::move(details));
  }
  return program_->loss;
}

// From this layer on: what is beneath it has run.
float Plan::RunInCaffe(int first) {
  const int last = static_cast<int>(net_->layers().size()) - 1;
  const float loss = first > last ? 0 : net_->ForwardFromTo(first, last);
  net_->Backward();
  return loss;
}

void Plan::Run(TrainingStage* stage) const {
  stage->milliseconds = Milliseconds([stage] {
    for (const BoundMemory& bound : stage->bound) bound.Bind();
    for (const auto& action : stage->actions) action();
  });
}

// What goes wrong in a stage names its layer, as it does where Caffe runs the net.
void Plan::RunNamed(TrainingStage* stage) const {
  try {
    Run(stage);
  } catch (const dnnl::error& error) {
    throw Failure("FATAL", std::string("oneDNN: ") + error.what(), InLayer(stage->layer));
  } catch (const Failure& failure) {
    if (stage->in_caffe || stage->layer == kNone) throw;
    throw caffe_node::InLayer(failure, InLayer(stage->layer).layer);
  }
}

FailureDetails Plan::InLayer(int layer) const {
  FailureDetails details;
  if (layer != kNone) details.layer = net_->layer_names()[static_cast<std::size_t>(layer)];
  return details;
}

std::vector<PlannedStep> Plan::Describe() const {
  std::vector<PlannedStep> steps;
  for (const TrainingStage& stage : program_->stages) {
    if (stage.layer == kNone) continue;
    PlannedStep step;
    step.layers = {stage.layer};
    step.in_caffe = stage.in_caffe;
    step.primitive = stage.primitive;
    step.format = stage.format;
    step.milliseconds = stage.milliseconds;
    steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

}  // namespace caffe_node::onednn

namespace caffe_node {

std::unique_ptr<TrainingPlan> PlanTraining(FloatNet* net, const PlanSettings& settings) {
  return std::make_unique<onednn::Plan>(net, settings);
}

}  // namespace caffe_node
