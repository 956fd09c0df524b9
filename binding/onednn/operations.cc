#include "operations.h"

#include <map>
#include <set>
#include <string>

namespace caffe_node::onednn {

namespace {

using Maker = std::unique_ptr<Operation> (*)(const OperationRequest&);

const std::map<std::string, Maker>& Makers() {
  static const std::map<std::string, Maker> makers{
      {"AbsVal", MakeActivation},
      {"BatchNorm", MakeBatchNorm},
      {"Bias", MakeBias},
      {"Clip", MakeActivation},
      {"Concat", MakeConcat},
      {"Convolution", MakeConvolution},
      {"Deconvolution", MakeDeconvolution},
      {"ELU", MakeActivation},
      {"Eltwise", MakeEltwise},
      {"Exp", MakeActivation},
      {"Flatten", MakeReshape},
      {"InnerProduct", MakeInnerProduct},
      {"LRN", MakeLrn},
      {"PReLU", MakePrelu},
      {"Pooling", MakePooling},
      {"Power", MakeActivation},
      {"ReLU", MakeActivation},
      {"Reshape", MakeReshape},
      {"Scale", MakeScale},
      {"Sigmoid", MakeActivation},
      {"Slice", MakeSlice},
      {"Softmax", MakeSoftmax},
      {"Swish", MakeActivation},
      {"TanH", MakeActivation},
  };
  return makers;
}

}  // namespace

bool HasOperation(const std::string& type) { return Makers().count(type) > 0; }

bool FusesActivations(const std::string& type) {
  static const std::set<std::string> types{"Convolution", "InnerProduct"};
  return types.count(type) > 0;
}

bool TreatsImagesAlone(const Node& node) {
  const caffe::LayerParameter& fields = node.parameter();
  const std::string& type = node.type;
  if (type == "Concat") return fields.concat_param().concat_dim() == 1 && fields.concat_param().axis() == 1;
  if (type == "Slice") return fields.slice_param().slice_dim() == 1 && fields.slice_param().axis() == 1;
  if (type == "Softmax") return fields.softmax_param().axis() == 1;
  // Those with a second bottom have a part of it for each image.
  const int applied_from = type == "Bias" ? fields.bias_param().axis() : fields.scale_param().axis();
  if (type == "Bias" || type == "Scale") return node.bottoms.size() == 1 ? applied_from > 0 : applied_from == 0;
  return HasOperation(type) && type != "InnerProduct";
}

std::unique_ptr<Operation> MakeOperation(const OperationRequest& request) {
  const auto maker = Makers().find(request.node.type);
  if (maker == Makers().end()) throw Refusal("there is no operation for layers of type " + request.node.type);
  return maker->second(request);
}

}  // namespace caffe_node::onednn
