#include <algorithm>

#include "max_pooling.h"
#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::pooling_forward::primitive_desc;

// The windows as Caffe lays them, by spatial axis.
struct Windows {
  Shape kernel;
  Shape strides;
  Shape before;  // padding
  Shape after;   // what the last window reaches beyond the bottom; less than nothing where it ends before
  PooledAxis Axis(std::size_t axis) const { return {kernel[axis], strides[axis], before[axis]}; }
};

Windows WindowsOf(const caffe::PoolingParameter& fields, const Shape& bottom, const Shape& top) {
  Windows windows;
  windows.kernel = fields.has_kernel_size() ? Shape(2, fields.kernel_size()) : Shape{fields.kernel_h(), fields.kernel_w()};
  if (fields.global_pooling()) windows.kernel = {bottom[2], bottom[3]};
  windows.strides = fields.has_stride_h() ? Shape{fields.stride_h(), fields.stride_w()} : Shape(2, fields.stride());
  windows.before = fields.has_pad_h() ? Shape{fields.pad_h(), fields.pad_w()} : Shape(2, fields.pad());
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const std::int64_t last_begins = (top[axis + 2] - 1) * windows.strides[axis] - windows.before[axis];
    if (last_begins >= bottom[axis + 2]) throw Refusal("its last windows lie outside of the bottom");
    windows.after.push_back(last_begins + windows.kernel[axis] - bottom[axis + 2]);
  }
  return windows;
}

// Caffe divides by what of a window lies within the padded bottom; oneDNN by all of the window, or by what lies within the
// bottom.
dnnl::algorithm AverageFor(const Windows& windows) {
  if (windows.before == Shape{0, 0}) return dnnl::algorithm::pooling_avg_exclude_padding;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    if (windows.after[axis] > windows.before[axis]) throw Refusal("its last windows reach beyond the padding");
  }
  return dnnl::algorithm::pooling_avg_include_padding;
}

class Pooling final : public PrimitiveOperation {
 public:
  explicit Pooling(const Descriptor& primitive)
      : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::pooling_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
};

}  // namespace

std::unique_ptr<Operation> MakePooling(const OperationRequest& request) {
  const caffe::PoolingParameter& fields = request.node.parameter().pooling_param();
  const Description& bottom = request.bottoms[0];
  if (request.tops.size() > 1) throw Refusal("its second top is wanted, which says where the maxima are");
  if (fields.pool() == caffe::PoolingParameter::STOCHASTIC) throw Refusal("its pooling is stochastic");
  const Windows windows = WindowsOf(fields, ShapeOf(bottom), request.tops[0]);
  const bool maxima = fields.pool() == caffe::PoolingParameter::MAX;
  if (maxima && MaxPooling::Suits(bottom, windows.Axis(0), windows.Axis(1))) {
    return MakeMaxPooling(bottom, InFormat(request.tops[0], bottom), windows.Axis(0), windows.Axis(1));
  }
  const dnnl::algorithm algorithm = maxima ? dnnl::algorithm::pooling_max : AverageFor(windows);
  const dnnl::pooling_forward::desc description(dnnl::prop_kind::forward_inference, algorithm, bottom,
                                                InFormat(request.tops[0], bottom), windows.strides, windows.kernel,
                                                windows.before, windows.after);
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Pooling>(primitive);
}

}  // namespace caffe_node::onednn
