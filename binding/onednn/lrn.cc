#include "lrn_by_place.h"
#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::lrn_forward::primitive_desc;

class Lrn final : public PrimitiveOperation {
 public:
  explicit Lrn(const Descriptor& primitive)
      : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::lrn_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
};

Descriptor PrimitiveFor(const caffe::LRNParameter& fields, const Description& bottom, const Context& context) {
  const bool across = fields.norm_region() == caffe::LRNParameter::ACROSS_CHANNELS;
  // Within channels, Caffe takes 1 for k.
  const dnnl::lrn_forward::desc description(dnnl::prop_kind::forward_inference,
                                            across ? dnnl::algorithm::lrn_across_channels : dnnl::algorithm::lrn_within_channel,
                                            bottom, fields.local_size(), fields.alpha(), fields.beta(), across ? fields.k() : 1);
  return {description, SharedScratch(), context.engine};
}

}  // namespace

std::unique_ptr<Operation> MakeLrn(const OperationRequest& request) {
  const caffe::LRNParameter& fields = request.node.parameter().lrn_param();
  const Description& bottom = request.bottoms[0];
  if (LrnByPlace::Suits(fields, bottom)) return MakeLrnByPlace(fields, bottom);
  const Descriptor as_it_lies = PrimitiveFor(fields, bottom, request.context);
  if (IsFast(as_it_lies)) return std::make_unique<Lrn>(as_it_lies);
  // Across channels whose number cuts the blocks: the channels of a place together.
  const Description together(ShapeOf(bottom), TypeOf(bottom), dnnl::memory::format_tag::nhwc);
  const Descriptor by_place = PrimitiveFor(fields, together, request.context);
  if (IsFast(by_place)) return std::make_unique<Lrn>(by_place);
  // The reference raises each value to a power, as Caffe does; on all threads.
  return std::make_unique<Lrn>(as_it_lies);
}

}  // namespace caffe_node::onednn
