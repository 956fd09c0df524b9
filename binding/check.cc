// What prototxt can express and Caffe does not check, but crashes on.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

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

// What Convolution, Deconvolution and Im2col share.
void CheckWindows(const caffe::LayerParameter& layer) {
  const caffe::ConvolutionParameter& param = layer.convolution_param();
  // The one that is not given counts as 0.
  if ((param.has_stride_h() || param.has_stride_w()) && (param.stride_h() == 0 || param.stride_w() == 0)) {
    throw Refused(layer, "stride_h: " + std::to_string(param.stride_h()) + " and stride_w: " + std::to_string(param.stride_w()),
                  "both must be given, and at least 1");
  }
  for (const auto dilation : param.dilation()) {
    if (dilation == 0) throw Refused(layer, "dilation: 0", "at least 1 is needed");
  }
}

void CheckConvolution(const caffe::LayerParameter& layer) {
  const caffe::ConvolutionParameter& param = layer.convolution_param();
  if (!param.has_num_output() || param.num_output() == 0) {
    throw Refused(layer, param.has_num_output() ? "num_output: 0" : "no num_output", "it needs the number of its outputs",
                  "Set convolution_param.num_output; prototxt.retarget does it for classification heads.");
  }
  if (param.group() == 0) throw Refused(layer, "group: 0", "at least 1 is needed");
  CheckWindows(layer);
}

void CheckPooling(const caffe::LayerParameter& layer) {
  const caffe::PoolingParameter& param = layer.pooling_param();
  const bool zero_stride =
      param.has_stride() ? param.stride() == 0
                         : (param.has_stride_h() && param.stride_h() == 0) || (param.has_stride_w() && param.stride_w() == 0);
  if (zero_stride) throw Refused(layer, "stride: 0", "at least 1 is needed");
}

void CheckExtents(const caffe::LayerParameter& layer, const google::protobuf::RepeatedPtrField<caffe::BlobShape>& shapes) {
  for (const caffe::BlobShape& shape : shapes) {
    for (const auto extent : shape.dim()) {
      if (extent < 1) throw Refused(layer, "dim: " + std::to_string(extent), "the extents of a blob are at least 1");
    }
  }
}

// Layers whose top has the shape of their bottom. Caffe lets others work in place, too, and then they write beyond their memory.
const std::set<std::string>& ElementWise() {
  static const std::set<std::string> types{"AbsVal",  "BNLL",  "BatchNorm", "Bias",    "Clip",  "Dropout", "ELU",
                                           "Eltwise", "Exp",   "LRN",       "Log",     "MVN",   "PReLU",   "Power",
                                           "ReLU",    "Scale", "Sigmoid",   "Softmax", "Swish", "TanH",    "Threshold"};
  return types;
}

void CheckInPlace(const caffe::LayerParameter& layer) {
  if (ElementWise().count(layer.type()) > 0) return;
  for (const std::string& top : layer.top()) {
    if (std::find(layer.bottom().begin(), layer.bottom().end(), top) == layer.bottom().end()) continue;
    throw Refused(layer, "the blob '" + top + "' as bottom and top", "only layers that keep the shape can work in place",
                  "Give its top a name of its own.");
  }
}

void CheckLayer(const caffe::LayerParameter& layer) {
  const std::string& type = layer.type();
  if (type == "Convolution" || type == "Deconvolution") CheckConvolution(layer);
  if (type == "Im2col") CheckWindows(layer);
  if (type == "Pooling") CheckPooling(layer);
  if (type == "Input") CheckExtents(layer, layer.input_param().shape());
  if (type == "DummyData") CheckExtents(layer, layer.dummy_data_param().shape());
  CheckInPlace(layer);
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
