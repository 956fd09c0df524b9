#include "training_program.h"

#include <map>
#include <new>
#include <set>
#include <string>
#include <utility>

#include "../failure.h"

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

// Thrown in the middle of a build: the layer turned out to be one for Caffe, so all begins anew.
struct LeftToCaffe {
  int node;
};

class Builder {
 public:
  // `left` are the nodes that are known to be Caffe's.
  Builder(const std::set<int>& left, TrainingProgram* program)
      : left_(left),
        program_(program),
        graph_(program->graph),
        draft_(program->graph, program->context, &program->buffers, program->stream, &program->adds) {}

  void Build() {
    for (int node = 0; node < NodeCount(); ++node) nodes_.push_back(OperationOf(TrainedNode{&graph_, node}));
    for (const int layer : graph_.sources) sources_[layer] = TrainSource(graph_.net, layer, &program_->loss);
    Forward();
    Backward();
    for (FloatBlob* const parameter : graph_.net->learnable_params()) {
      if (!draft_.Replaces(*parameter)) program_->cleared.push_back(parameter);
    }
    program_->stages = draft_.TakeStages();
    program_->buffers.Allocate();
  }

 private:
  int NodeCount() const { return static_cast<int>(graph_.nodes.size()); }
  int LayerOf(int node) const { return graph_.nodes[static_cast<std::size_t>(node)].layer; }

  TrainingOperationPtr OperationOf(const TrainedNode& node) {
    TrainingOperationPtr operation = PlannedOperation(node);
    if (operation) return operation;
    draft_.MarkInCaffe(node.index);
    return TrainInCaffe(node, &program_->loss);
  }

  TrainingOperationPtr PlannedOperation(const TrainedNode& node) const {
    const auto maker = Makers().find(node.node().type);
    if (maker == Makers().end() || left_.count(node.index) > 0 || IsLoss(node.node())) return nullptr;
    const int below = node.bottom(0).producer;
    // A value of Caffe's takes several ways within Caffe.
    if (node.node().type == "Split" && (below == kNone || draft_.InCaffe(below))) return nullptr;
    return maker->second(node);
  }

  // Layers without bottoms have their turn where Caffe has them: they draw random numbers, as others do.
  void Forward() {
    auto source = sources_.begin();
    for (int node = 0; node < NodeCount(); ++node) {
      for (; source != sources_.end() && source->first < LayerOf(node); ++source) ForwardSource(*source);
      ForNode(node, [&] { nodes_[static_cast<std::size_t>(node)]->Forward(&draft_); });
    }
    for (; source != sources_.end(); ++source) ForwardSource(*source);
    draft_.BeginRest();
    for (int value = 0; value < static_cast<int>(graph_.values.size()); ++value) {
      const Value& one = graph_.ValueAt(value);
      const bool is_output = one.last && one.consumers.empty();
      if (is_output || one.wanted) draft_.ToCaffe(Part::kData, value);
    }
  }

  void ForwardSource(const std::pair<const int, TrainingOperationPtr>& source) {
    draft_.BeginSource(source.first);
    source.second->Forward(&draft_);
  }

  void Backward() {
    for (int node = NodeCount() - 1; node >= 0; --node) {
      if (!TrainedNode{&graph_, node}.GoesBackward()) continue;
      ForNode(node, [&] { nodes_[static_cast<std::size_t>(node)]->Backward(&draft_); });
    }
    draft_.BeginRest();
    for (int value = 0; value < static_cast<int>(graph_.values.size()); ++value) {
      const bool is_given = graph_.ValueAt(value).producer == kNone;
      if (is_given && draft_.Has(Part::kDiff, value)) draft_.ToCaffe(Part::kDiff, value);
    }
    for (auto source = sources_.rbegin(); source != sources_.rend(); ++source) {
      if (!graph_.net->layer_need_backward()[static_cast<std::size_t>(source->first)]) continue;
      draft_.BeginSource(source->first);
      source->second->Backward(&draft_);
    }
  }

  template <typename Body>
  void ForNode(int node, const Body& body) {
    draft_.BeginNode(node);
    try {
      body();
    } catch (const Refusal& refusal) {
      Leave(node, refusal.what());
    } catch (const dnnl::error& error) {
      if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
      Leave(node, error.what());
    }
  }

  [[noreturn]] void Leave(int node, const std::string& reason) const {
    if (!draft_.InCaffe(node)) throw LeftToCaffe{node};
    FailureDetails details;
    details.layer = graph_.nodes[static_cast<std::size_t>(node)].parameter().name();
    throw Failure("UNSUPPORTED", "oneDNN cannot hand values to and from layer '" + details.layer + "': " + reason, details);
  }

  const std::set<int>& left_;
  TrainingProgram* const program_;
  const Graph& graph_;
  TrainingDraft draft_;
  std::vector<TrainingOperationPtr> nodes_;
  std::map<int, TrainingOperationPtr> sources_;  // by layer
};

}  // namespace

std::unique_ptr<TrainingProgram> BuildTrainingProgram(FloatNet* net, const PlanSettings& settings) {
  std::set<int> left;
  for (;;) {
    auto program = std::make_unique<TrainingProgram>(settings.precision);
    program->graph = ReadGraph(net, settings.wanted);
    try {
      Builder(left, program.get()).Build();
      return program;
    } catch (const LeftToCaffe& found) {
      left.insert(found.node);
    }
  }
}

}  // namespace caffe_node::onednn
