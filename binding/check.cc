// What prototxt can express and Caffe does not check, but crashes on.
#include "failure.h"
#include "model.h"

namespace caffe_node {

namespace {

Failure Refused(const caffe::LayerParameter& layer, const std::string& given, const std::string& expected,
                const std::string& hint = "") {
  FailureDetails details;
  details.layer = layer.name();
  details.hint = hint;
  return Failure("PROTOTXT", "Layer '" + layer.name() + "' (" + layer.type() + ") has " + given + "; " + expected + ".",
                 std::move(details));
}

void CheckConvolution(const caffe::LayerParameter& layer) {
  const caffe::ConvolutionParameter& param = layer.convolution_param();
  if (!param.has_num_output() || param.num_output() == 0) {
    throw Refused(layer, param.has_num_output() ? "num_output: 0" : "no num_output", "it needs the number of its outputs",
                  "Set convolution_param.num_output; prototxt.retarget does it for classification heads.");
  }
  if (param.group() == 0) throw Refused(layer, "group: 0", "at least 1 is needed");
  for (const auto dilation : param.dilation()) {
    if (dilation == 0) throw Refused(layer, "dilation: 0", "at least 1 is needed");
  }
}

void CheckPooling(const caffe::LayerParameter& layer) {
  const caffe::PoolingParameter& param = layer.pooling_param();
  const bool zero_stride =
      param.has_stride() ? param.stride() == 0
                         : (param.has_stride_h() && param.stride_h() == 0) || (param.has_stride_w() && param.stride_w() == 0);
  if (zero_stride) throw Refused(layer, "stride: 0", "at least 1 is needed");
}

void CheckLayer(const caffe::LayerParameter& layer) {
  const std::string& type = layer.type();
  if (type == "Convolution" || type == "Deconvolution") CheckConvolution(layer);
  if (type == "Pooling") CheckPooling(layer);
  if (type == "InnerProduct" && layer.inner_product_param().num_output() == 0) {
    throw Refused(layer, layer.inner_product_param().has_num_output() ? "num_output: 0" : "no num_output",
                  "it needs the number of its outputs",
                  "Set inner_product_param.num_output; prototxt.retarget does it for classification heads.");
  }
  if (type == "Dropout") {
    const float ratio = layer.dropout_param().dropout_ratio();
    if (!(ratio >= 0 && ratio < 1))
      throw Refused(layer, "dropout_ratio: " + std::to_string(ratio), "it must be at least 0 and below 1");
  }
}

}  // namespace

void CheckNet(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) CheckLayer(layer);
}

}  // namespace caffe_node
