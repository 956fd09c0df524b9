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
  static const std::set<std::string> types{"Convolution", "ReLU"};
  if (node.type == "Concat")
    return node.parameter().concat_param().concat_dim() == 1 && node.parameter().concat_param().axis() == 1;
  return types.count(node.type) > 0;
}

std::unique_ptr<Operation> MakeOperation(const OperationRequest& request) {
  const auto maker = Makers().find(request.node.type);
  if (maker == Makers().end()) throw Refusal("there is no operation for layers of type " + request.node.type);
  return maker->second(request);
}

}  // namespace caffe_node::onednn
