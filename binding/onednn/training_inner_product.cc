// Fully connected layers, by matrix products on Caffe's own weights: a batch is small and the weights are many, so that any other
// order of them, which would have to be made anew with every step, takes longer than the products.
#include <algorithm>
#include <caffe/util/math_functions.hpp>
#include <string>
#include <utility>

#include "thin_products.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

// rows × outputs, of rows × inputs.
struct Extents {
  int rows;
  int inputs;
  int outputs;
  bool transposed;  // Caffe keeps inputs × outputs instead of outputs × inputs
};

void AddBias(const Extents& shape, const float* bias, float* top) {
  for (int row = 0; row < shape.rows; ++row) caffe::caffe_axpy(shape.outputs, 1.0f, bias, top + row * shape.outputs);
}

void BiasGradient(const Extents& shape, const float* above, bool add, float* bias) {
  if (!add) std::fill_n(bias, shape.outputs, 0.0f);
  for (int row = 0; row < shape.rows; ++row) caffe::caffe_axpy(shape.outputs, 1.0f, above + row * shape.outputs, bias);
}

void Multiply(const Extents& shape, const float* bottom, const float* weights, float* top) {
  if (shape.transposed) return Times(shape.rows, shape.inputs, shape.outputs, bottom, weights, top);
  TimesTransposed(shape.rows, shape.outputs, shape.inputs, bottom, weights, top);
}

void MultiplyBack(const Extents& shape, const float* above, const float* weights, float* below) {
  if (shape.transposed) return TimesTransposed(shape.rows, shape.inputs, shape.outputs, above, weights, below);
  Times(shape.rows, shape.outputs, shape.inputs, above, weights, below);
}

void WeightGradient(const Extents& shape, const float* bottom, const float* above, bool add, float* weights) {
  if (shape.transposed) return OuterProduct(shape.rows, shape.inputs, shape.outputs, bottom, above, add, weights);
  OuterProduct(shape.rows, shape.outputs, shape.inputs, above, bottom, add, weights);
}

class InnerProduct final : public TrainingOperation {
 public:
  InnerProduct(const TrainedNode& node, const Extents& shape)
      : node_(node),
        shape_(shape),
        weights_(node.node().caffe->blobs()[0].get()),
        bias_(node.node().caffe->blobs().size() > 1 ? node.node().caffe->blobs()[1].get() : nullptr) {}

  void Forward(TrainingDraft* draft) override {
    const dnnl::memory from = ReadPlain(draft, Part::kData, node_.node().bottoms[0]);
    const dnnl::memory to = draft->Write(Part::kData, node_.node().tops[0], draft->Plain(node_.node().tops[0]));
    draft->Do(
        [from, to, shape = shape_, weights = weights_, bias = bias_] {
          Multiply(shape, ValuesOf<float>(from), weights->cpu_data(), ValuesOf<float>(to));
          if (bias != nullptr) AddBias(shape, bias->cpu_data(), ValuesOf<float>(to));
        },
        {from, to});
    draft->Name(Primitive(), to.get_desc());
  }

  void Backward(TrainingDraft* draft) override {
    const dnnl::memory above = ReadPlain(draft, Part::kDiff, node_.node().tops[0]);
    if (node_.Learns(0)) {
      const dnnl::memory from = ReadPlain(draft, Part::kData, node_.node().bottoms[0]);
      draft->Do(
          [from, above, shape = shape_, weights = weights_, adds = draft->AddsTo(weights_)] {
            WeightGradient(shape, ValuesOf<float>(from), ValuesOf<float>(above), adds(), weights->mutable_cpu_diff());
          },
          {from, above});
    }
    if (bias_ != nullptr && node_.Learns(1)) {
      draft->Do([above, shape = shape_, bias = bias_,
                 adds = draft->AddsTo(bias_)] { BiasGradient(shape, ValuesOf<float>(above), adds(), bias->mutable_cpu_diff()); },
                {above});
    }
    if (node_.GoesBackwardTo(0)) {
      const int bottom = node_.node().bottoms[0];
      const dnnl::memory below = draft->Write(Part::kDiff, bottom, draft->Plain(bottom));
      draft->Do(
          [above, below, shape = shape_, weights = weights_] {
            MultiplyBack(shape, ValuesOf<float>(above), weights->cpu_data(), ValuesOf<float>(below));
          },
          {above, below});
    }
    draft->Name(Primitive(), above.get_desc());
  }

 private:
  std::string Primitive() const { return IsThin(shape_.rows) ? "ours" : "gemm"; }

  static dnnl::memory ReadPlain(TrainingDraft* draft, Part part, int value) {
    return draft->Read(part, value, draft->Plain(value));
  }

  const TrainedNode node_;
  const Extents shape_;
  FloatBlob* const weights_;
  FloatBlob* const bias_;
};

}  // namespace

TrainingOperationPtr TrainInnerProduct(const TrainedNode& node) {
  const caffe::InnerProductParameter& param = node.node().parameter().inner_product_param();
  const FloatBlob& bottom = node.graph->BlobOf(node.node().bottoms[0]);
  const int axis = bottom.CanonicalAxisIndex(param.axis());
  return std::make_unique<InnerProduct>(
      node, Extents{bottom.count(0, axis), bottom.count(axis), static_cast<int>(param.num_output()), param.transpose()});
}

}  // namespace caffe_node::onednn
