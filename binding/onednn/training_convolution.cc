// Convolutions over images, forward, to the data and to the weights. Weights and their gradients are Caffe's; each pass takes
// them in the order that its primitive likes best, which is cheap beside the convolution itself.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "convolution_window.h"
#include "training_kernels.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

using ForwardPass = dnnl::convolution_forward;
using DataPass = dnnl::convolution_backward_data;
using WeightsPass = dnnl::convolution_backward_weights;

// oneDNN's ReLU turns NaN into zero, so that a training that diverges would not be seen, but only where its slope is zero. With
// this one NaN stays, and what is below zero becomes too small to count.
constexpr float kAlmostZero = 1e-20f;

class Convolution final : public TrainingOperation {
 public:
  explicit Convolution(const TrainedNode& node)
      : node_(node),
        window_(WindowOf(node.node().parameter().convolution_param(), 2)),
        groups_(node.node().parameter().convolution_param().group()),
        weights_(node.node().caffe->blobs()[0].get()),
        bias_(node.node().caffe->blobs().size() > 1 ? node.node().caffe->blobs()[1].get() : nullptr) {}

  void Forward(TrainingDraft* draft) override {
    const int bottom = node_.node().bottoms[0];
    const Node* const relu = ReluAbove(*draft);
    const int top = relu == nullptr ? node_.node().tops[0] : relu->tops[0];
    const auto forward = ChooseForward(*draft, relu);
    const dnnl::memory source = draft->Read(Part::kData, bottom, forward.src_desc());
    Arguments arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, Weights(draft, forward.weights_desc())}};
    if (bias_ != nullptr) arguments[DNNL_ARG_BIAS] = draft->Bound(bias_, Part::kData, forward.bias_desc());
    const dnnl::memory result = draft->Write(Part::kData, top, forward.dst_desc());
    arguments[DNNL_ARG_DST] = result;
    draft->Run(forward, std::move(arguments));
    if (relu != nullptr && forward.get_primitive_attr().get_post_ops().len() == 0) {
      draft->Do(
          [result, rows = AllOf(forward.dst_desc()), slope = ReluSlope(*relu)] { RectifyRows(result, result, rows, slope); },
          {result});
    }
    draft->Name(forward.impl_info_str(), forward.dst_desc());
  }

  void Backward(TrainingDraft* draft) override {
    std::string primitives;
    if (node_.Learns(0) || (bias_ != nullptr && node_.Learns(1))) primitives += ToWeights(draft);
    if (node_.GoesBackwardTo(0)) primitives += (primitives.empty() ? "" : ", ") + ToData(draft);
    draft->Name(primitives, draft->LayoutOf(Part::kDiff, node_.node().tops[0]));
  }

 private:
  // The ReLU that is computed with the convolution.
  const Node* ReluAbove(const TrainingDraft& draft) const {
    const Value& top = node_.top(0);
    if (top.consumers.size() != 1 || top.wanted || draft.InCaffe(top.consumers[0])) return nullptr;
    const TrainedNode above{node_.graph, top.consumers[0]};
    if (above.node().type != "ReLU" || IsLeftToConcat(draft, above)) return nullptr;
    return &above.node();
  }

  Shape WeightDims() const {
    const std::vector<int>& shape = weights_->shape();
    Shape dims(shape.begin(), shape.end());
    if (groups_ == 1) return dims;
    dims[0] /= groups_;
    dims.insert(dims.begin(), groups_);
    return dims;
  }

  Description PlainWeights() const { return Plain(WeightDims()); }

  // The best first. By rule, not by trial: what is chosen decides about the last bits of the gradients, and a training that is
  // taken up again has to go on as it would have. Measured, Winograd's was the faster in all three passes wherever there was
  // enough to do.
  std::vector<dnnl::algorithm> Algorithms() const {
    const std::vector<int>& kernel = weights_->shape();
    const bool by_three = kernel[2] == 3 && kernel[3] == 3;
    const bool dense = window_.strides == Shape{1, 1} && window_.dilations == Shape{0, 0};
    const Shape& top = node_.top(0).shape;
    const std::int64_t tiles = top[0] * ((top[2] + 3) / 4) * ((top[3] + 3) / 4);
    if (!by_three || !dense || groups_ > 1 || tiles < 64) return {dnnl::algorithm::convolution_direct};
    return {dnnl::algorithm::convolution_winograd, dnnl::algorithm::convolution_direct};
  }

  // What a convolution may be asked to read and to write, the best first: in blocks, which its neighbours use as well, or as it
  // likes best itself.
  struct Ends {
    Description source;
    Description result;
  };
  std::vector<Ends> Layouts(const TrainingDraft& draft) const {
    const auto any = [&draft](const Value& value) { return Any(value.shape, draft.type()); };
    const auto blocked = [&](int value, const Value& one) {
      const Description layout = draft.Blocked(value);
      return layout == draft.Plain(value) ? any(one) : layout;
    };
    return {{blocked(node_.node().bottoms[0], node_.bottom(0)), blocked(node_.node().tops[0], node_.top(0))},
            {any(node_.bottom(0)), any(node_.top(0))}};
  }

  Description AnyWeights(DataType type) const { return Any(WeightDims(), type); }

  Description BiasLayout() const {
    if (bias_ == nullptr) return Description();
    return Plain({bias_->count()});
  }

  // What oneDNN has for the first algorithm and the first layouts that it has something for. Its reference implementation is
  // there to be compared with, hundreds of times slower than all others.
  template <typename Primitive, typename Make>
  Primitive Choose(const TrainingDraft& draft, const Make& make) const {
    for (const dnnl::algorithm algorithm : Algorithms()) {
      for (const Ends& ends : Layouts(draft)) {
        const Primitive primitive = make(algorithm, ends);
        if (primitive && std::string(primitive.impl_info_str()).find("ref") != 0) return primitive;
      }
    }
    throw Refusal("oneDNN has only its reference implementation");
  }

  // Direct convolutions rectify what they write; Winograd's would turn NaN into zero, and are rectified afterwards.
  ForwardPass::primitive_desc ChooseForward(const TrainingDraft& draft, const Node* relu) const {
    const auto kind = node_.GoesBackward() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const bool fusible = relu != nullptr && (ReluSlope(*relu) > 0 || !SeenByCaffe(draft, relu->tops[0]));
    return Choose<ForwardPass::primitive_desc>(draft, [&](dnnl::algorithm algorithm, const Ends& ends) {
      dnnl::primitive_attr attributes = SharedScratch();
      if (fusible && algorithm == dnnl::algorithm::convolution_direct) {
        dnnl::post_ops after;
        after.append_eltwise(1, dnnl::algorithm::eltwise_relu, std::max(ReluSlope(*relu), kAlmostZero), 0);
        attributes.set_post_ops(after);
      }
      const ForwardPass::desc wanted(kind, algorithm, ends.source, AnyWeights(draft.type()), BiasLayout(), ends.result,
                                     window_.strides, window_.dilations, window_.padding, window_.padding);
      return ForwardPass::primitive_desc(wanted, attributes, draft.engine(), true);
    });
  }

  // Whether a layer in Caffe, or the caller, gets to see the value.
  bool SeenByCaffe(const TrainingDraft& draft, int value) const {
    const Value& one = node_.graph->ValueAt(value);
    if (one.consumers.empty() || one.wanted) return true;
    return std::any_of(one.consumers.begin(), one.consumers.end(), [&](int consumer) {
      if (draft.InCaffe(consumer)) return true;
      const Node& above = node_.graph->nodes[static_cast<std::size_t>(consumer)];
      return above.type == "Split" &&
             std::any_of(above.tops.begin(), above.tops.end(), [&](int top) { return SeenByCaffe(draft, top); });
    });
  }

  // The description that backward ones want as a hint. It need not be the one that runs.
  ForwardPass::primitive_desc Hint(const TrainingDraft& draft, dnnl::algorithm algorithm, const Ends& ends) const {
    const ForwardPass::desc wanted(dnnl::prop_kind::forward_training, algorithm, ends.source, AnyWeights(draft.type()),
                                   BiasLayout(), ends.result, window_.strides, window_.dilations, window_.padding,
                                   window_.padding);
    return ForwardPass::primitive_desc(wanted, SharedScratch(), draft.engine(), true);
  }

  DataPass::primitive_desc ChooseToData(const TrainingDraft& draft) const {
    return Choose<DataPass::primitive_desc>(draft, [&](dnnl::algorithm algorithm, const Ends& ends) {
      const ForwardPass::primitive_desc hint = Hint(draft, algorithm, ends);
      if (!hint) return DataPass::primitive_desc();
      const DataPass::desc wanted(algorithm, ends.source, AnyWeights(draft.type()), ends.result, window_.strides,
                                  window_.dilations, window_.padding, window_.padding);
      return DataPass::primitive_desc(wanted, SharedScratch(), draft.engine(), hint, true);
    });
  }

  WeightsPass::primitive_desc ChooseToWeights(const TrainingDraft& draft) const {
    return Choose<WeightsPass::primitive_desc>(draft, [&](dnnl::algorithm algorithm, const Ends& ends) {
      const ForwardPass::primitive_desc hint = Hint(draft, algorithm, ends);
      if (!hint) return WeightsPass::primitive_desc();
      const WeightsPass::desc wanted(algorithm, ends.source, AnyWeights(DataType::f32), BiasLayout(), ends.result,
                                     window_.strides, window_.dilations, window_.padding, window_.padding);
      return WeightsPass::primitive_desc(wanted, SharedScratch(), draft.engine(), hint, true);
    });
  }

  // Caffe's weights in a layout that a primitive wants.
  dnnl::memory Weights(TrainingDraft* draft, const Description& layout) const {
    const dnnl::memory plain = draft->Bound(weights_, Part::kData, PlainWeights());
    if (layout == PlainWeights()) return plain;
    const dnnl::memory ordered = draft->Buffer(layout);
    draft->Copy(plain, ordered);
    return ordered;
  }

  std::string ToWeights(TrainingDraft* draft) const {
    const auto description = ChooseToWeights(*draft);
    const dnnl::memory source = draft->Read(Part::kData, node_.node().bottoms[0], description.src_desc());
    const dnnl::memory above = draft->Read(Part::kDiff, node_.node().tops[0], description.diff_dst_desc());
    const dnnl::memory weights = draft->Buffer(description.diff_weights_desc());
    Arguments arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DIFF_DST, above}, {DNNL_ARG_DIFF_WEIGHTS, weights}};
    if (bias_ != nullptr) arguments[DNNL_ARG_DIFF_BIAS] = draft->Buffer(BiasLayout());
    const dnnl::memory bias = bias_ == nullptr ? dnnl::memory() : arguments[DNNL_ARG_DIFF_BIAS];
    draft->Run(description, std::move(arguments));
    if (node_.Learns(0)) draft->AddTo(weights, draft->Bound(weights_, Part::kDiff, PlainWeights()));
    if (bias_ != nullptr && node_.Learns(1)) draft->AddTo(bias, draft->Bound(bias_, Part::kDiff, BiasLayout()));
    return description.impl_info_str();
  }

  std::string ToData(TrainingDraft* draft) const {
    const auto description = ChooseToData(*draft);
    const dnnl::memory above = draft->Read(Part::kDiff, node_.node().tops[0], description.diff_dst_desc());
    const dnnl::memory weights = Weights(draft, description.weights_desc());
    const dnnl::memory below = draft->Write(Part::kDiff, node_.node().bottoms[0], description.diff_src_desc());
    draft->Run(description, {{DNNL_ARG_DIFF_DST, above}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_SRC, below}});
    return description.impl_info_str();
  }

  const TrainedNode node_;
  const Window window_;
  const std::int64_t groups_;
  FloatBlob* const weights_;
  FloatBlob* const bias_;
};

}  // namespace

TrainingOperationPtr TrainConvolution(const TrainedNode& node) {
  const caffe::ConvolutionParameter& param = node.node().parameter().convolution_param();
  // Several bottoms share the weights of one layer; Caffe does that.
  if (node.node().bottoms.size() != 1 || node.bottom(0).shape.size() != 4 || param.axis() != 1) return nullptr;
  return std::make_unique<Convolution>(node);
}

}  // namespace caffe_node::onednn
