#include "activation.h"
#include "operations.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::convolution_forward::primitive_desc;

// The layer's fields, by spatial axis, as Caffe understands them.
struct Window {
  Shape strides;
  Shape padding;
  Shape dilations;  // beyond 1: oneDNN counts what lies between
};

template <typename Repeated>
Shape PerAxis(const Repeated& values, std::size_t axes, std::int64_t otherwise) {
  if (values.empty()) return Shape(axes, otherwise);
  if (values.size() == 1) return Shape(axes, values.Get(0));
  return {values.begin(), values.end()};
}

Window WindowOf(const caffe::ConvolutionParameter& fields, std::size_t axes) {
  Window window;
  const bool strides_by_name = fields.has_stride_h() || fields.has_stride_w();
  window.strides = strides_by_name ? Shape{fields.stride_h(), fields.stride_w()} : PerAxis(fields.stride(), axes, 1);
  const bool padding_by_name = fields.has_pad_h() || fields.has_pad_w();
  window.padding = padding_by_name ? Shape{fields.pad_h(), fields.pad_w()} : PerAxis(fields.pad(), axes, 0);
  window.dilations = PerAxis(fields.dilation(), axes, 1);
  for (std::int64_t& dilation : window.dilations) --dilation;
  return window;
}

// [out, in / groups, kernel…] as oneDNN wants it: with an axis for the groups where there are several.
Shape WeightShape(const Node& node) {
  const std::vector<int>& given = node.caffe->blobs()[0]->shape();
  Shape shape(given.begin(), given.end());
  const std::int64_t groups = node.parameter().convolution_param().group();
  if (groups > 1) {
    shape[0] /= groups;
    shape.insert(shape.begin(), groups);
  }
  return shape;
}

class Convolution final : public WeightedOperation {
 public:
  Convolution(const Descriptor& primitive, const Node& node, const Shape& weights)
      : WeightedOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::convolution_forward(primitive),
                          {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {
    const auto& blobs = node.caffe->blobs();
    const dnnl::engine engine = primitive.get_engine();
    Add(DNNL_ARG_WEIGHTS, {engine, blobs[0].get(), Plain(weights), primitive.weights_desc()});
    if (blobs.size() > 1) Add(DNNL_ARG_BIAS, {engine, blobs[1].get(), primitive.bias_desc(), primitive.bias_desc()});
  }
};

}  // namespace

std::unique_ptr<Operation> MakeConvolution(const OperationRequest& request) {
  const Shape bottom = ShapeOf(request.bottoms[0]);
  const caffe::ConvolutionParameter& fields = request.node.parameter().convolution_param();
  if (request.node.bottoms.size() != 1) throw Refusal("it takes several bottoms");
  if (fields.axis() != 1 && fields.axis() != 1 - static_cast<int>(bottom.size())) throw Refusal("its channels are not on axis 1");
  if (bottom.size() < 3 || bottom.size() > 5) throw Refusal("it has other than one to three spatial axes");

  const DataType type = request.context.type();
  const Window window = WindowOf(fields, bottom.size() - 2);
  const Shape weights = WeightShape(request.node);
  const bool with_bias = request.node.caffe->blobs().size() > 1;
  const Description bias = with_bias ? Plain({request.tops[0][1]}) : Description();
  // A few channels, as images have, are read as they are.
  constexpr std::int64_t kFew = 4;
  const Description source = bottom[1] <= kFew ? Plain(bottom, type) : Blocked(bottom, type);
  const dnnl::convolution_forward::desc description(dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct,
                                                    source, Any(weights, type), bias, Blocked(request.tops[0], type),
                                                    window.strides, window.dilations, window.padding, window.padding);
  const Descriptor primitive(description, SharedScratch(PostOperations(request.node.fused)), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Convolution>(primitive, request.node, weights);
}

}  // namespace caffe_node::onednn
