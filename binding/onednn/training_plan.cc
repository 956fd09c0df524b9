// The training plan: the forward and the backward stages of all layers, made once for the shapes that the net has.
#include <algorithm>
#include <chrono>
#include <map>
#include <new>
#include <numeric>
#include <set>
#include <utility>

#include "../failure.h"
#include "../net_plan.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

using Maker = TrainingOperationPtr (*)(const TrainedNode& node);

const std::map<std::string, Maker>& Makers() {
  static const std::map<std::string, Maker> makers{
      {"Concat", TrainConcat}, {"Convolution", TrainConvolution}, {"Eltwise", TrainEltwise}, {"InnerProduct", TrainInnerProduct},
      {"LRN", TrainLrn},       {"Pooling", TrainPooling},         {"ReLU", TrainRelu},       {"Split", TrainSplit},
  };
  return makers;
}

// A layer whose top counts as a loss: Caffe adds it up.
bool IsLoss(const Node& node) {
  for (std::size_t top = 0; top < node.tops.size(); ++top) {
    if (node.caffe->loss(static_cast<int>(top)) != 0) return true;
  }
  return false;
}

// Thrown while a plan is drafted: the layer is to run in Caffe.
struct Unplanned {
  int node;
};

class Plan final : public TrainingPlan {
 public:
  Plan(FloatNet* net, const PlanSettings& settings) : net_(net), settings_(settings) { Make(); }

  float ForwardBackward(const StopFlag& stop) override;
  std::vector<PlannedStep> Describe() const override;
  std::int64_t Bytes() const override { return static_cast<std::int64_t>(buffers_->bytes()); }

 private:
  void Make();
  void Draft();
  template <typename Body>
  void DraftStage(TrainingDraft* draft, int node, const Body& body);
  std::vector<TrainingOperationPtr> MakeOperations(TrainingDraft* draft);
  TrainingOperationPtr MakeOperation(const TrainedNode& node, const TrainingDraft& draft);
  void DraftForward(TrainingDraft* draft);
  void DraftBackward(TrainingDraft* draft);
  void Run(TrainingStage* stage);
  // Whether the value still has the shape that the plan was made for.
  bool Fits(const std::vector<int>& values) const;
  bool FitsAll() const;
  void RunNamed(TrainingStage* stage);
  void FinishInCaffe(int node);
  FailureDetails InLayer(int node) const;
  int NodeCount() const { return static_cast<int>(graph_.nodes.size()); }

  FloatNet* const net_;
  const PlanSettings settings_;
  const dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  const dnnl::stream stream_{engine_};
  Graph graph_;
  std::set<int> left_;  // nodes that oneDNN turned out to have nothing fast for
  std::vector<TrainingOperationPtr> operations_;
  std::unique_ptr<TrainingBuffers> buffers_;
  std::vector<TrainingStage> stages_;
  float loss_ = 0;
};

void Plan::Make() {
  graph_ = ReadGraph(net_, settings_.wanted);
  left_.clear();
  for (;;) {
    try {
      Draft();
      break;
    } catch (const Unplanned& layer) {
      left_.insert(layer.node);
    }
  }
  buffers_->Allocate("The training plan of the net '" + net_->name() + "'");
}

void Plan::Draft() {
  buffers_ = std::make_unique<TrainingBuffers>(engine_);
  TrainingDraft draft(graph_, settings_.precision, buffers_.get(), engine_, stream_);
  operations_ = MakeOperations(&draft);
  DraftForward(&draft);
  DraftBackward(&draft);
  stages_ = draft.TakeStages();
}

std::vector<TrainingOperationPtr> Plan::MakeOperations(TrainingDraft* draft) {
  std::vector<TrainingOperationPtr> operations;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const TrainedNode node{&graph_, static_cast<int>(i)};
    TrainingOperationPtr operation = MakeOperation(node, *draft);
    if (!operation) {
      draft->MarkInCaffe(node.index);
      operation = TrainInCaffe(node, &loss_);
    }
    operations.push_back(std::move(operation));
  }
  return operations;
}

TrainingOperationPtr Plan::MakeOperation(const TrainedNode& node, const TrainingDraft& draft) {
  const auto maker = Makers().find(node.node().type);
  if (maker == Makers().end() || left_.count(node.index) > 0 || IsLoss(node.node())) return nullptr;
  // What only parts the ways of a value of Caffe's is Caffe's as well.
  if (node.node().type == "Split") {
    const int below = node.bottom(0).producer;
    if (below == kNone || draft.InCaffe(below)) return nullptr;
  }
  return maker->second(node);
}

// A primitive that oneDNN does not have leaves the layer to Caffe.
template <typename Body>
void Plan::DraftStage(TrainingDraft* draft, int node, const Body& body) {
  draft->Begin(node);
  try {
    body();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
    if (draft->InCaffe(node)) {
      throw Failure("UNSUPPORTED", std::string("oneDNN cannot hand the values of this layer on: ") + error.message,
                    InLayer(node));
    }
    throw Unplanned{node};
  }
}

void Plan::DraftForward(TrainingDraft* draft) {
  for (int i = 0; i < NodeCount(); ++i) {
    DraftStage(draft, i, [&] { operations_[static_cast<std::size_t>(i)]->Forward(draft); });
  }
  // What the caller looks at after a run.
  draft->Begin(kNone);
  for (std::size_t value = 0; value < graph_.values.size(); ++value) {
    const Value& one = graph_.values[value];
    if (one.last && (one.wanted || one.consumers.empty())) draft->ToCaffe(Part::kData, static_cast<int>(value));
  }
}

void Plan::DraftBackward(TrainingDraft* draft) {
  for (int i = NodeCount() - 1; i >= 0; --i) {
    if (!TrainedNode{&graph_, i}.GoesBackward()) continue;
    DraftStage(draft, i, [&] { operations_[static_cast<std::size_t>(i)]->Backward(draft); });
  }
}

bool Plan::Fits(const std::vector<int>& values) const {
  return std::all_of(values.begin(), values.end(), [this](int value) {
    const std::vector<int>& shape = graph_.BlobOf(value).shape();
    const std::vector<std::int64_t>& planned = graph_.values[static_cast<std::size_t>(value)].shape;
    return std::equal(shape.begin(), shape.end(), planned.begin(), planned.end());
  });
}

bool Plan::FitsAll() const {
  std::vector<int> all(graph_.values.size());
  std::iota(all.begin(), all.end(), 0);
  return Fits(all);
}

void Plan::Run(TrainingStage* stage) {
  const auto start = std::chrono::steady_clock::now();
  for (const BoundMemory& bound : stage->bound) bound.Bind();
  for (const auto& action : stage->actions) action();
  stage->milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

float Plan::ForwardBackward(const StopFlag& stop) {
  if (!FitsAll()) Make();
  loss_ = 0;
  bool all_in_caffe = true;  // so far
  for (TrainingStage& stage : stages_) {
    stop.Check();
    RunNamed(&stage);
    all_in_caffe = all_in_caffe && stage.in_caffe;
    if (!stage.in_caffe || Fits(graph_.nodes[static_cast<std::size_t>(stage.node)].tops)) continue;
    if (!all_in_caffe) throw Failure("UNSUPPORTED", "Its tops took another shape while the net ran.", InLayer(stage.node));
    FinishInCaffe(stage.node);
    break;
  }
  return loss_;
}

// The data has another shape than what the plan was made for; the next run makes a new one.
void Plan::FinishInCaffe(int node) {
  const int layer = graph_.nodes[static_cast<std::size_t>(node)].layer;
  const int last = static_cast<int>(net_->layers().size()) - 1;
  if (layer < last) loss_ += net_->ForwardFromTo(layer + 1, last);
  net_->Backward();
}

// What goes wrong in a stage names its layer, as it does in Caffe's run.
void Plan::RunNamed(TrainingStage* stage) {
  try {
    Run(stage);
  } catch (const dnnl::error& error) {
    throw Failure("FATAL", std::string("oneDNN: ") + error.message, InLayer(stage->node));
  } catch (const Failure& failure) {
    if (stage->node == kNone) throw;
    throw caffe_node::InLayer(failure, InLayer(stage->node).layer);
  }
}

FailureDetails Plan::InLayer(int node) const {
  FailureDetails details;
  if (node != kNone) details.layer = graph_.nodes[static_cast<std::size_t>(node)].parameter().name();
  return details;
}

std::vector<PlannedStep> Plan::Describe() const {
  std::vector<PlannedStep> steps;
  for (const TrainingStage& stage : stages_) {
    if (stage.node == kNone) continue;
    PlannedStep step;
    step.layers = {graph_.nodes[static_cast<std::size_t>(stage.node)].layer};
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
