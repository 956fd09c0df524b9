#include <functional>
#include <numeric>

#include "activation.h"
#include "operations.h"
#include "thin_inner_product.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::inner_product_forward::primitive_desc;

// What the layer multiplies, as oneDNN sees it.
struct Factors {
  Shape bottom;        // items, and what is summed over
  Shape weights;       // outputs, and what is summed over
  Description stored;  // how Caffe's blob has the weights
};

std::int64_t Product(Shape::const_iterator first, Shape::const_iterator end) {
  return std::accumulate(first, end, std::int64_t{1}, std::multiplies<>());
}

Factors FactorsOf(const caffe::InnerProductParameter& fields, const Shape& bottom) {
  const int axis = fields.axis() < 0 ? fields.axis() + static_cast<int>(bottom.size()) : fields.axis();
  Factors factors;
  factors.bottom = {Product(bottom.begin(), bottom.begin() + axis), Product(bottom.begin() + axis, bottom.end())};
  factors.weights = {fields.num_output(), factors.bottom[1]};
  factors.stored =
      fields.transpose() ? Description(factors.weights, DataType::f32, Shape{1, factors.weights[0]}) : Plain(factors.weights);
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

// For one item the weights are read once, and in no order faster than in Caffe's: with float32 they need not even be copied.
Description WeightsFor(const Factors& factors, DataType type) {
  return factors.bottom[0] == 1 ? WithType(factors.stored, type) : Any(factors.weights, type);
}

}  // namespace

std::unique_ptr<Operation> MakeInnerProduct(const OperationRequest& request) {
  const DataType type = request.context.type();
  const Shape bottom = ShapeOf(request.bottoms[0]);
  const Factors factors = FactorsOf(request.node.parameter().inner_product_param(), bottom);
  const ProductExtents extents{factors.bottom[0], factors.bottom[1], factors.weights[0]};
  if (SuitsThinInnerProduct(request, extents)) return MakeThinInnerProduct(request, extents);
  const Shape top{factors.bottom[0], factors.weights[0]};
  const Description bias = HasBias(request.node) ? Plain({top[1]}) : Description();
  const dnnl::inner_product_forward::desc description(dnnl::prop_kind::forward_inference, Plain(factors.bottom, type),
                                                      WeightsFor(factors, type), bias, Plain(top, request.top_type()));
  const Descriptor primitive(description, SharedScratch(PostOperations(request.node.fused)), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<InnerProduct>(Plain(bottom, type), Plain(request.tops[0], request.top_type()), primitive, request.node,
                                        factors.stored);
}

}  // namespace caffe_node::onednn
