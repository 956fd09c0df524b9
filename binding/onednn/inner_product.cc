#include <functional>
#include <numeric>

#include "activation.h"
#include "operations.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::inner_product_forward::primitive_desc;

// What the layer multiplies, as oneDNN sees it.
struct Factors {
  Shape bottom;        // one axis for the items, the others are summed over
  Shape weights;       // an axis for the outputs, then those of the bottom
  Description stored;  // how Caffe's blob has the weights
  bool as_is = false;  // whether the bottom has these axes already, and may lie in any format
};

std::int64_t Product(Shape::const_iterator first, Shape::const_iterator end) {
  return std::accumulate(first, end, std::int64_t{1}, std::multiplies<>());
}

Factors FactorsOf(const caffe::InnerProductParameter& fields, const Shape& bottom) {
  const auto axes = static_cast<int>(bottom.size());
  const int axis = fields.axis() < 0 ? fields.axis() + axes : fields.axis();
  Factors factors;
  factors.as_is = axis == 1 && axes >= 2 && axes <= 5;
  if (factors.as_is) {
    factors.bottom = bottom;
  } else {
    factors.bottom = {Product(bottom.begin(), bottom.begin() + axis), Product(bottom.begin() + axis, bottom.end())};
  }
  factors.weights = factors.bottom;
  factors.weights[0] = fields.num_output();
  factors.stored = Plain(factors.weights);
  if (fields.transpose()) {
    // [inputs, outputs]: each step through the inputs passes all outputs.
    Shape strides(factors.weights.size(), 1);
    strides.back() = factors.weights[0];
    for (std::size_t i = strides.size() - 1; i > 1; --i) strides[i - 1] = strides[i] * factors.weights[i];
    strides[0] = 1;
    factors.stored = Description(factors.weights, DataType::f32, strides);
  }
  return factors;
}

class InnerProduct final : public WeightedOperation {
 public:
  InnerProduct(const Description& bottom, const Description& top, const Descriptor& primitive, const Node& node,
               const Description& stored)
      : WeightedOperation({bottom}, {top}, primitive, dnnl::inner_product_forward(primitive),
                          {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {
    AddWeights(primitive.get_engine(), node, stored, primitive.weights_desc(), primitive.bias_desc());
  }
};

}  // namespace

std::unique_ptr<Operation> MakeInnerProduct(const OperationRequest& request) {
  const DataType type = request.context.type();
  const Shape bottom = ShapeOf(request.bottoms[0]);
  const Factors factors = FactorsOf(request.node.parameter().inner_product_param(), bottom);
  const Shape top{factors.bottom[0], factors.weights[0]};
  const Description bias = HasBias(request.node) ? Plain({top[1]}) : Description();
  const Description source = factors.as_is ? Any(factors.bottom, type) : Plain(factors.bottom, type);
  const dnnl::inner_product_forward::desc description(dnnl::prop_kind::forward_inference, source, Any(factors.weights, type),
                                                      bias, Plain(top, request.top_type()));
  const Descriptor primitive(description, SharedScratch(PostOperations(request.node.fused)), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<InnerProduct>(factors.as_is ? primitive.src_desc() : Plain(bottom, type),
                                        Plain(request.tops[0], request.top_type()), primitive, request.node, factors.stored);
}

}  // namespace caffe_node::onednn
