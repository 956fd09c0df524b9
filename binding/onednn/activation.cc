#include "activation.h"

#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "operations.h"
#include "sequence.h"

namespace caffe_node::onednn {

namespace {

using Algorithm = dnnl::algorithm;
using Descriptor = dnnl::eltwise_forward::primitive_desc;

// (shift + scale * x) ^ power
std::vector<Activation> PowerOf(const caffe::PowerParameter& fields) {
  // Caffe then does not look at its bottom.
  if (fields.scale() * fields.power() == 0) return {};
  // Roots of negative numbers are none: where Caffe computes them, somebody looks.
  if (fields.power() < 0 || fields.power() != std::trunc(fields.power())) return {};
  std::vector<Activation> activations;
  const bool straight = fields.power() == 1;
  if (straight || fields.scale() != 1 || fields.shift() != 0)
    activations.push_back({Algorithm::eltwise_linear, fields.scale(), fields.shift()});
  if (!straight) activations.push_back({Algorithm::eltwise_pow, 1, fields.power()});
  return activations;
}

// base ^ (shift + scale * x); a base of -1 stands for e
std::vector<Activation> ExponentialOf(const caffe::ExpParameter& fields) {
  const float logarithm = fields.base() == -1 ? 1 : std::log(fields.base());
  const float inner = logarithm * fields.scale();
  const float outer = std::exp(logarithm * fields.shift());
  std::vector<Activation> activations;
  if (inner != 1) activations.push_back({Algorithm::eltwise_linear, inner, 0});
  activations.push_back({Algorithm::eltwise_exp});
  if (outer != 1) activations.push_back({Algorithm::eltwise_linear, outer, 0});
  return activations;
}

std::vector<Activation> ClipOf(const caffe::ClipParameter& fields) {
  // oneDNN then gives the other limit.
  if (fields.min() > fields.max()) return {};
  return {{Algorithm::eltwise_clip, fields.min(), fields.max()}};
}

// Log and BNLL are not among them: near their zeros oneDNN's are off by a hundredth of the value and more.
using Rule = std::function<std::vector<Activation>(const caffe::LayerParameter&)>;
const std::map<std::string, Rule>& Rules() {
  using Layer = caffe::LayerParameter;
  using List = std::vector<Activation>;
  static const std::map<std::string, Rule> rules{
      {"AbsVal", [](const Layer&) { return List{{Algorithm::eltwise_abs}}; }},
      {"Clip", [](const Layer& layer) { return ClipOf(layer.clip_param()); }},
      {"ELU",
       [](const Layer& layer) {
         return List{{Algorithm::eltwise_elu, layer.elu_param().alpha()}};
       }},
      {"Exp", [](const Layer& layer) { return ExponentialOf(layer.exp_param()); }},
      {"Power", [](const Layer& layer) { return PowerOf(layer.power_param()); }},
      {"ReLU",
       [](const Layer& layer) {
         return List{{Algorithm::eltwise_relu, layer.relu_param().negative_slope()}};
       }},
      {"Sigmoid", [](const Layer&) { return List{{Algorithm::eltwise_logistic}}; }},
      {"Swish",
       [](const Layer& layer) {
         return List{{Algorithm::eltwise_swish, layer.swish_param().beta()}};
       }},
      {"TanH", [](const Layer&) { return List{{Algorithm::eltwise_tanh}}; }},
  };
  return rules;
}

class Eltwise final : public PrimitiveOperation {
 public:
  explicit Eltwise(const Descriptor& primitive)
      : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::eltwise_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}) {}
};

std::unique_ptr<Operation> MakeEltwise(const Activation& activation, const Description& values, const Context& context) {
  const dnnl::eltwise_forward::desc description(dnnl::prop_kind::forward_inference, activation.algorithm, values,
                                                activation.alpha, activation.beta);
  const Descriptor primitive(description, SharedScratch(), context.engine);
  RequireFast(primitive);
  return std::make_unique<Eltwise>(primitive);
}

std::unique_ptr<Operation> InSequence(const std::vector<Activation>& activations, const Description& values,
                                      const Context& context) {
  auto sequence = std::make_unique<Sequence>(std::vector<Description>{values}, std::vector<Description>{values});
  sequence->SetOverwritable(0);
  for (const Activation& activation : activations) {
    const bool first = &activation == &activations.front();
    sequence->Add(MakeEltwise(activation, values, context), {first ? Sequence::Bottom(0) : Sequence::Top(0)}, {Sequence::Top(0)});
  }
  return sequence;
}

}  // namespace

std::vector<Activation> ActivationsOf(const FloatLayer& layer) {
  const auto rule = Rules().find(layer.type());
  return rule == Rules().end() ? std::vector<Activation>() : rule->second(layer.layer_param());
}

bool CanFuse(const std::vector<FusedLayer>& fused, const FloatLayer& next) {
  std::vector<Activation> activations;
  const auto add = [&](const FloatLayer& layer) {
    for (const Activation& activation : ActivationsOf(layer)) activations.push_back(activation);
  };
  for (const FusedLayer& layer : fused) add(*layer.caffe);
  add(next);
  std::set<Algorithm> algorithms;
  for (const Activation& activation : activations) algorithms.insert(activation.algorithm);
  return !ActivationsOf(next).empty() && algorithms.size() == activations.size();
}

dnnl::post_ops PostOperations(const std::vector<FusedLayer>& fused) {
  dnnl::post_ops operations;
  for (const FusedLayer& layer : fused) {
    for (const Activation& activation : ActivationsOf(*layer.caffe))
      operations.append_eltwise(1, activation.algorithm, activation.alpha, activation.beta);
  }
  return operations;
}

std::vector<std::unique_ptr<Operation>> MakeFused(const std::vector<FusedLayer>& fused, const Description& values,
                                                  const Context& context) {
  std::vector<std::unique_ptr<Operation>> operations;
  for (const FusedLayer& layer : fused) {
    for (const Activation& activation : ActivationsOf(*layer.caffe))
      operations.push_back(MakeEltwise(activation, values, context));
  }
  return operations;
}

std::unique_ptr<Operation> MakeActivation(const OperationRequest& request) {
  const std::vector<Activation> activations = ActivationsOf(*request.node.caffe);
  if (activations.empty()) throw Refusal("oneDNN computes it otherwise than Caffe");
  const Description& bottom = request.bottoms[0];
  try {
    return InSequence(activations, bottom, request.context);
  } catch (const Refusal&) {
    // What makes something else of the zeros that fill up a last block of channels is fast without blocks only.
    return InSequence(activations, Plain(ShapeOf(bottom), TypeOf(bottom)), request.context);
  }
}

}  // namespace caffe_node::onednn
