#include "activation.h"

#include "operations.h"

namespace caffe_node::onednn {

namespace {

class ActivationOperation final : public PrimitiveOperation {
 public:
  explicit ActivationOperation(const dnnl::eltwise_forward::primitive_desc& primitive)
      : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::eltwise_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
  int overwritable() const override { return 0; }
};

}  // namespace

std::optional<Activation> ActivationOf(const FloatLayer& layer) {
  if (std::string(layer.type()) == "ReLU") {
    return Activation{dnnl::algorithm::eltwise_relu, layer.layer_param().relu_param().negative_slope()};
  }
  return std::nullopt;
}

dnnl::post_ops PostOperations(const std::vector<FusedLayer>& fused) {
  dnnl::post_ops operations;
  for (const FusedLayer& layer : fused) {
    const std::optional<Activation> activation = ActivationOf(*layer.caffe);
    if (!activation) throw Refusal(std::string("a layer of type ") + layer.caffe->type() + " cannot be fused");
    operations.append_eltwise(1, activation->algorithm, activation->alpha, activation->beta);
  }
  return operations;
}

std::unique_ptr<Operation> MakeActivation(const OperationRequest& request) {
  const std::optional<Activation> activation = ActivationOf(*request.node.caffe);
  if (!activation) throw Refusal("oneDNN has no such activation");
  const dnnl::eltwise_forward::desc description(dnnl::prop_kind::forward_inference, activation->algorithm, request.bottoms[0],
                                                activation->alpha, activation->beta);
  const dnnl::eltwise_forward::primitive_desc primitive(description, SharedScratch(PostOperations(request.node.fused)),
                                                        request.context.engine);
  RequireFast(primitive);
  return std::make_unique<ActivationOperation>(primitive);
}

}  // namespace caffe_node::onednn
