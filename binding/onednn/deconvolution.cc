#include "convolution_window.h"
#include "operations.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::deconvolution_forward::primitive_desc;

// Caffe keeps [in, out / groups, kernel…]; oneDNN has the outputs first, within an axis for the groups where there are several.
struct Weights {
  Shape shape;
  Description stored;
};

Weights WeightsOf(const Node& node) {
  const std::vector<int>& blob = node.caffe->blobs()[0]->shape();
  const std::int64_t groups = node.parameter().convolution_param().group();
  const std::int64_t inputs = blob[0] / groups;
  const std::int64_t outputs = blob[1];
  Shape shape{outputs, inputs};
  shape.insert(shape.end(), blob.begin() + 2, blob.end());
  std::int64_t kernel = 1;
  for (std::size_t axis = 2; axis < shape.size(); ++axis) kernel *= shape[axis];
  Shape strides(shape.size(), 1);
  for (std::size_t axis = shape.size() - 1; axis > 2; --axis) strides[axis - 1] = strides[axis] * shape[axis];
  strides[0] = kernel;
  strides[1] = kernel * outputs;
  if (groups > 1) {
    shape.insert(shape.begin(), groups);
    strides.insert(strides.begin(), kernel * outputs * inputs);
  }
  return {shape, Description(shape, DataType::f32, strides)};
}

class Deconvolution final : public WeightedOperation {
 public:
  Deconvolution(const Descriptor& primitive, const Node& node, const Weights& weights)
      : WeightedOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::deconvolution_forward(primitive),
                          {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {
    AddWeights(primitive.get_engine(), node, weights.stored, primitive.weights_desc(), primitive.bias_desc());
  }
};

}  // namespace

std::unique_ptr<Operation> MakeDeconvolution(const OperationRequest& request) {
  const Shape bottom = ShapeOf(request.bottoms[0]);
  const caffe::ConvolutionParameter& fields = request.node.parameter().convolution_param();
  RequireConvolvable(request.node, bottom);

  const DataType type = request.context.type();
  const Window window = WindowOf(fields, bottom.size() - 2);
  const Weights weights = WeightsOf(request.node);
  const Description bias = HasBias(request.node) ? Plain({request.tops[0][1]}) : Description();
  // Large kernels are matrix products, on plain bottoms: what is best is oneDNN's choice.
  const dnnl::deconvolution_forward::desc description(
      dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, Any(bottom, type), Any(weights.shape, type),
      bias, Any(request.tops[0], type), window.strides, window.dilations, window.padding, window.padding);
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Deconvolution>(primitive, request.node, weights);
}

}  // namespace caffe_node::onednn
