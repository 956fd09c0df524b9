#include "training_passes.h"

#include <string>

#include "instructions.h"

namespace caffe_node::onednn {

namespace {

// Measured, Winograd's algorithm was the faster in all three passes wherever there was enough to do.
bool SuitsWinograd(const Shape& top, const Shape& weights, const Window& window) {
  const std::size_t axes = weights.size();
  const bool by_three = weights[axes - 2] == 3 && weights[axes - 1] == 3;
  const bool dense = window.strides == Shape{1, 1} && window.dilations == Shape{0, 0};
  const std::int64_t tiles = top[0] * ((top[2] + 3) / 4) * ((top[3] + 3) / 4);
  return by_three && dense && tiles >= 64;
}

}  // namespace

bool GainsByGroups(const TrainedShapes& all, DataType type) {
  // Fewer channels are not worth copying them.
  constexpr std::int64_t kMany = 64;
  if (all.weights.size() != 5 || type != DataType::f32 || !HasWideVectors()) return false;
  const std::int64_t outputs = all.weights[1];
  const std::int64_t inputs = all.weights[2];
  const bool many = outputs >= kMany && inputs >= kMany && outputs % 16 == 0 && inputs % 16 == 0;
  return many && SuitsWinograd(all.top, all.weights, all.window);
}

std::vector<ConvolutionPasses::Ends> ConvolutionPasses::Layouts() const {
  const auto any = [this](const Shape& shape) { return Any(shape, draft_->type()); };
  const auto native = [&](const Shape& shape) {
    const Description layout = draft_->Native(shape);
    return IsPlain(layout) ? any(shape) : layout;
  };
  return {{native(shapes_.bottom), native(shapes_.top)}, {any(shapes_.bottom), any(shapes_.top)}};
}

// What oneDNN has for the first algorithm and the first layouts that it has something for. Its reference implementation is
// there to be compared with, hundreds of times slower than all others.
template <typename Primitive, typename Make>
Primitive ConvolutionPasses::Choose(const Make& make) const {
  std::vector<dnnl::algorithm> algorithms{dnnl::algorithm::convolution_direct};
  if (shapes_.weights.size() == 4 && SuitsWinograd(shapes_.top, shapes_.weights, shapes_.window)) {
    algorithms.insert(algorithms.begin(), dnnl::algorithm::convolution_winograd);
  }
  for (const dnnl::algorithm algorithm : algorithms) {
    for (const Ends& ends : Layouts()) {
      const Primitive primitive = make(algorithm, ends);
      if (primitive && std::string(primitive.impl_info_str()).find("ref") != 0) return primitive;
    }
  }
  throw Refusal("oneDNN has only its reference implementation");
}

ForwardPass ConvolutionPasses::Forward(const dnnl::post_ops& activation) const {
  const auto kind = backward_ ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
  const Window& window = shapes_.window;
  return Choose<ForwardPass>([&](dnnl::algorithm algorithm, const Ends& ends) {
    const bool direct = algorithm == dnnl::algorithm::convolution_direct;
    const dnnl::convolution_forward::desc wanted(kind, algorithm, ends.source, AnyWeights(draft_->type()), Bias(), ends.result,
                                                 window.strides, window.dilations, window.padding, window.padding);
    return ForwardPass(wanted, direct ? SharedScratch(activation) : SharedScratch(), draft_->engine(), true);
  });
}

// The description that backward ones want. It need not be the one that runs.
ForwardPass ConvolutionPasses::Hint(dnnl::algorithm algorithm, const Ends& ends) const {
  const Window& window = shapes_.window;
  const dnnl::convolution_forward::desc wanted(dnnl::prop_kind::forward_training, algorithm, ends.source,
                                               AnyWeights(draft_->type()), Bias(), ends.result, window.strides, window.dilations,
                                               window.padding, window.padding);
  return ForwardPass(wanted, SharedScratch(), draft_->engine(), true);
}

DataPass ConvolutionPasses::ToData() const {
  const Window& window = shapes_.window;
  return Choose<DataPass>([&](dnnl::algorithm algorithm, const Ends& ends) {
    const ForwardPass hint = Hint(algorithm, ends);
    if (!hint) return DataPass();
    const dnnl::convolution_backward_data::desc wanted(algorithm, ends.source, AnyWeights(draft_->type()), ends.result,
                                                       window.strides, window.dilations, window.padding, window.padding);
    return DataPass(wanted, SharedScratch(), draft_->engine(), hint, true);
  });
}

WeightsPass ConvolutionPasses::ToWeights() const {
  const Window& window = shapes_.window;
  return Choose<WeightsPass>([&](dnnl::algorithm algorithm, const Ends& ends) {
    const ForwardPass hint = Hint(algorithm, ends);
    if (!hint) return WeightsPass();
    const dnnl::convolution_backward_weights::desc wanted(algorithm, ends.source, AnyWeights(DataType::f32), Bias(), ends.result,
                                                          window.strides, window.dilations, window.padding, window.padding);
    return WeightsPass(wanted, SharedScratch(), draft_->engine(), hint, true);
  });
}

}  // namespace caffe_node::onednn
