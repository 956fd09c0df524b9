// ReLU. Its gradient follows from the sign of what it wrote, so what it read is not kept. Where it can be it is part of another
// layer: of the convolution beneath it, or of the concatenation above it, which copies the values anyway; its gradient also of a
// pooling by maximum above it.
#include "training_kernels.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

class Relu final : public TrainingOperation {
 public:
  explicit Relu(const TrainedNode& node)
      : node_(node), bottom_(node.node().bottoms[0]), top_(node.node().tops[0]), slope_(ReluSlope(node.node())) {}

  void Forward(TrainingDraft* draft) override {
    if (draft->Has(Part::kData, top_)) return;  // the convolution has done it
    if (IsLeftToConcat(*draft, node_)) {
      draft->Put(Part::kData, top_, draft->Read(Part::kData, bottom_, draft->LayoutOf(Part::kData, bottom_)));
      return;
    }
    const Description layout = draft->Native(bottom_);
    const dnnl::memory from = draft->Read(Part::kData, bottom_, layout);
    const dnnl::memory to = draft->Write(Part::kData, top_, layout);
    draft->Do([from, to, rows = AllOf(layout), slope = slope_] { RectifyRows(from, to, rows, slope); }, {from, to});
    draft->Name("ours", layout);
  }

  // In the memory of the gradient itself, which nobody above needs any more.
  void Backward(TrainingDraft* draft) override {
    if (!node_.GoesBackwardTo(0)) return;
    const bool by_above = IsLeftToConcat(*draft, node_) || IsLeftToPooling(*draft, node_);
    const Description layout = draft->LayoutOf(by_above ? Part::kDiff : Part::kData, top_);
    const dnnl::memory gradient = draft->Read(Part::kDiff, top_, layout);
    draft->Put(Part::kDiff, bottom_, gradient);
    if (by_above) return;
    const dnnl::memory output = draft->Read(Part::kData, top_, layout);
    draft->Do([output, gradient, rows = AllOf(layout), slope = slope_] { MaskRows(output, gradient, gradient, rows, slope); },
              {output, gradient});
    draft->Name("ours", layout);
  }

 private:
  const TrainedNode node_;
  const int bottom_;
  const int top_;
  const float slope_;
};

}  // namespace

float ReluSlope(const Node& node) { return node.parameter().relu_param().negative_slope(); }

namespace {

// The only layer above, if the plan computes it and nobody else sees the value.
const Node* OnlyAbove(const TrainingDraft& draft, const TrainedNode& relu) {
  const Value& top = relu.top(0);
  if (top.consumers.size() != 1 || top.wanted || draft.InCaffe(top.consumers[0])) return nullptr;
  return &relu.graph->nodes[static_cast<std::size_t>(top.consumers[0])];
}

}  // namespace

bool IsLeftToConcat(const TrainingDraft& draft, const TrainedNode& relu) {
  const Node* const above = OnlyAbove(draft, relu);
  return above != nullptr && above->type == "Concat";
}

bool IsLeftToPooling(const TrainingDraft& draft, const TrainedNode& relu) {
  const Node* const above = OnlyAbove(draft, relu);
  return above != nullptr && above->type == "Pooling" && ReluSlope(relu.node()) == 0 &&
         above->parameter().pooling_param().pool() == caffe::PoolingParameter::MAX;
}

TrainingOperationPtr TrainRelu(const TrainedNode& node) {
  // With a slope below zero the sign of the result says nothing of the sign of the source.
  return ReluSlope(node.node()) < 0 ? nullptr : std::make_unique<Relu>(node);
}

}  // namespace caffe_node::onednn
