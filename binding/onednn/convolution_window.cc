#include "convolution_window.h"

#include "operation.h"

namespace caffe_node::onednn {

namespace {

template <typename Repeated>
Shape PerAxis(const Repeated& values, std::size_t axes, std::int64_t otherwise) {
  if (values.empty()) return Shape(axes, otherwise);
  if (values.size() == 1) return Shape(axes, values.Get(0));
  return {values.begin(), values.end()};
}

}  // namespace

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

void RequireConvolvable(const Node& node, const Shape& bottom) {
  const int axis = node.parameter().convolution_param().axis();
  const int axes = static_cast<int>(bottom.size());
  if (node.bottoms.size() != 1) throw Refusal("it takes several bottoms");
  if (axis != 1 && axis != 1 - axes) throw Refusal("its channels are not on axis 1");
  if (axes < 3 || axes > 5) throw Refusal("it has other than one to three spatial axes");
}

}  // namespace caffe_node::onednn
