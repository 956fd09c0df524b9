#include <algorithm>

#include "operations.h"
#include "sequence.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::binary::primitive_desc;

class Binary final : public PrimitiveOperation {
 public:
  explicit Binary(const Descriptor& primitive)
      : PrimitiveOperation({primitive.src0_desc(), primitive.src1_desc()}, {primitive.dst_desc()}, primitive,
                           dnnl::binary(primitive),
                           {{DNNL_ARG_SRC_0, primitive.src0_desc()}, {DNNL_ARG_SRC_1, primitive.src1_desc()}},
                           {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
};

dnnl::algorithm AlgorithmOf(caffe::EltwiseParameter::EltwiseOp operation) {
  if (operation == caffe::EltwiseParameter::PROD) return dnnl::algorithm::binary_mul;
  return operation == caffe::EltwiseParameter::MAX ? dnnl::algorithm::binary_max : dnnl::algorithm::binary_add;
}

// The format of the first bottom that is not plain: one that comes from a convolution.
Description CommonFormat(const std::vector<Description>& bottoms) {
  const auto blocked = std::find_if_not(bottoms.begin(), bottoms.end(), IsPlain);
  return blocked == bottoms.end() ? bottoms.front() : *blocked;
}

}  // namespace

// The first two bottoms make the top, which each further bottom is joined with.
std::unique_ptr<Operation> MakeEltwise(const OperationRequest& request) {
  const caffe::EltwiseParameter& fields = request.node.parameter().eltwise_param();
  const std::size_t count = request.bottoms.size();
  const Description format = CommonFormat(request.bottoms);
  const auto coefficient = [&](std::size_t bottom) {
    return fields.coeff_size() > 0 ? fields.coeff(static_cast<int>(bottom)) : 1.0F;
  };

  auto sequence = std::make_unique<Sequence>(std::vector<Description>(count, format), std::vector<Description>{format});
  for (std::size_t bottom = 1; bottom < count; ++bottom) {
    dnnl::primitive_attr attributes = SharedScratch();
    attributes.set_scales(DNNL_ARG_SRC_0, 0, {bottom == 1 ? coefficient(0) : 1});
    attributes.set_scales(DNNL_ARG_SRC_1, 0, {coefficient(bottom)});
    const dnnl::binary::desc description(AlgorithmOf(fields.operation()), format, format, format);
    const Descriptor primitive(description, attributes, request.context.engine);
    RequireFast(primitive);
    const Sequence::Operand so_far = bottom == 1 ? Sequence::Bottom(0) : Sequence::Top(0);
    sequence->Add(std::make_unique<Binary>(primitive), {so_far, Sequence::Bottom(bottom)}, {Sequence::Top(0)});
  }
  // A third bottom may lie in the memory of the first.
  if (count == 2) sequence->SetOverwritable(0);
  return sequence;
}

}  // namespace caffe_node::onednn
