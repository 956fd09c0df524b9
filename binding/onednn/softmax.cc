#include <functional>
#include <numeric>

#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::softmax_v2_forward::primitive_desc;

class Softmax final : public PrimitiveOperation {
 public:
  Softmax(const Description& bottom, const Description& top, const Descriptor& primitive)
      : PrimitiveOperation({bottom}, {top}, primitive, dnnl::softmax_v2_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
  int overwritable() const override { return 0; }
};

// What the axis is to oneDNN, and how it sees the bottom.
struct Subject {
  Description seen_as;
  int axis;
  Description bottom;
};

Subject SubjectOf(const Description& bottom, std::size_t axis) {
  const Shape shape = ShapeOf(bottom);
  const auto at_axis = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const auto product = [](auto first, auto end) { return std::accumulate(first, end, std::int64_t{1}, std::multiplies<>()); };
  const std::int64_t inner = product(at_axis + 1, shape.end());
  const DataType type = TypeOf(bottom);
  if (axis == 1 && shape.size() >= 3 && shape.size() <= 5 && (inner > 1 || !IsPlain(bottom))) {
    const Description native = Native(shape, type);
    return {native, 1, native};
  }
  if (inner > 1) throw Refusal("oneDNN has only its reference implementation for this axis");
  return {Plain({product(shape.begin(), at_axis), *at_axis}, type), 1, Plain(shape, type)};
}

}  // namespace

std::unique_ptr<Operation> MakeSoftmax(const OperationRequest& request) {
  const int axis = request.node.parameter().softmax_param().axis();
  const int axes = static_cast<int>(request.tops[0].size());
  const Subject subject = SubjectOf(request.bottoms[0], static_cast<std::size_t>(axis < 0 ? axis + axes : axis));
  // Probabilities are kept in full.
  const Description seen_top = WithType(subject.seen_as, DataType::f32);
  const dnnl::softmax_v2_forward::desc description(dnnl::prop_kind::forward_inference, dnnl::algorithm::softmax_accurate,
                                                   subject.seen_as, seen_top, subject.axis);
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Softmax>(subject.bottom, WithType(subject.bottom, DataType::f32), primitive);
}

}  // namespace caffe_node::onednn
