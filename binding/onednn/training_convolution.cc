// Convolutions over images, forward, to the data and to the weights. Weights and their gradients are Caffe's; each pass takes
// them in the order that its primitive likes best, which is cheap beside the convolution itself.
//
// oneDNN computes most of them whole, some in parts of which each has its region of the values:
// - groups one after the other, where Winograd's algorithm then serves;
// - a kernel of 1 with padding around it, for which oneDNN has nothing fast: without the padding. What the top has there is its
// bias.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "convolution_window.h"
#include "training_kernels.h"
#include "training_operation.h"
#include "training_passes.h"

namespace caffe_node::onednn {

namespace {

// oneDNN's ReLU turns NaN into zero, so that a training that diverges would not be seen, but only where its slope is zero. With
// this one NaN stays, and what is below zero becomes too small to count.
constexpr float kAlmostZero = 1e-20f;

// Some of the channels of all images, or what lies within a border.
struct Region {
  Shape extents;
  Shape offsets;
  Description Of(const Description& whole) const { return whole.submemory_desc(extents, offsets); }
};

struct ConvolutionPart {
  TrainedShapes shapes;
  Region bottom;
  Region top;
  std::int64_t first_output = 0;
};

class Convolution final : public TrainingOperation {
 public:
  explicit Convolution(const TrainedNode& node)
      : node_(node),
        window_(WindowOf(node.node().parameter().convolution_param(), 2)),
        groups_(node.node().parameter().convolution_param().group()),
        weights_(node.node().caffe->blobs()[0].get()),
        bias_(node.node().caffe->blobs().size() > 1 ? node.node().caffe->blobs()[1].get() : nullptr) {}

  void Forward(TrainingDraft* draft) override {
    const Node* const relu = ReluAbove(*draft);
    const int top = relu == nullptr ? node_.node().tops[0] : relu->tops[0];
    const std::vector<ConvolutionPart> parts = Parts(*draft);
    const bool whole = IsWhole(parts[0]);
    bool rectified = relu == nullptr;
    dnnl::memory result;
    if (!whole) result = draft->Write(Part::kData, top, draft->Native(top));
    if (IsFramed(parts)) Frame(draft, result);
    for (const ConvolutionPart& part : parts) {
      const ForwardPass pass = PassesOf(part, *draft).Forward(Fused(*draft, whole ? relu : nullptr));
      Arguments arguments{{DNNL_ARG_SRC, Read(draft, Part::kData, node_.node().bottoms[0], part.bottom, pass.src_desc())},
                          {DNNL_ARG_WEIGHTS, Weights(draft, part, pass.weights_desc())}};
      if (bias_ != nullptr) arguments[DNNL_ARG_BIAS] = Bias(draft, part);
      if (whole) result = draft->Write(Part::kData, top, pass.dst_desc());
      const dnnl::memory own = whole ? result : draft->Buffer(pass.dst_desc());
      arguments[DNNL_ARG_DST] = own;
      draft->Run(pass, std::move(arguments));
      if (!whole) CopyBack(draft, own, part.top, result);
      rectified = rectified || pass.get_primitive_attr().get_post_ops().len() > 0;
      draft->Name(pass.impl_info_str(), result.get_desc());
    }
    if (rectified) return;
    draft->Do([result, rows = AllOf(result.get_desc()), slope = ReluSlope(*relu)] { RectifyRows(result, result, rows, slope); },
              {result});
  }

  void Backward(TrainingDraft* draft) override {
    std::string primitives;
    if (node_.Learns(0) || (bias_ != nullptr && node_.Learns(1))) primitives += ToWeights(draft);
    if (node_.GoesBackwardTo(0)) primitives += (primitives.empty() ? "" : ", ") + ToData(draft);
    draft->Name(primitives, draft->LayoutOf(Part::kDiff, node_.node().tops[0]));
  }

 private:
  // ---- what is computed in one go ----------------------------------------------------------------------------------------
  TrainedShapes Shapes() const {
    const std::vector<int>& shape = weights_->shape();
    Shape dims(shape.begin(), shape.end());
    if (groups_ > 1) {
      dims[0] /= groups_;
      dims.insert(dims.begin(), groups_);
    }
    return {node_.bottom(0).shape, dims, node_.top(0).shape, window_, bias_ != nullptr};
  }

  // Whether its border would be its bias.
  bool IsPadded() const {
    const std::vector<int>& kernel = weights_->shape();
    return groups_ == 1 && kernel[2] == 1 && kernel[3] == 1 && window_.strides == Shape{1, 1} && window_.padding != Shape{0, 0};
  }

  std::vector<ConvolutionPart> Parts(const TrainingDraft& draft) const {
    const TrainedShapes all = Shapes();
    const Shape begin(4, 0);
    if (GainsByGroups(all, draft.type())) return Groups(all);
    ConvolutionPart whole{all, {all.bottom, begin}, {all.top, begin}};
    // Channels that lie in blocks have rows of pixels that can be copied.
    if (!IsPadded() || IsPlain(draft.Native(node_.node().tops[0]))) return {whole};
    whole.shapes.window.padding = {0, 0};
    whole.shapes.top = {all.top[0], all.top[1], all.bottom[2], all.bottom[3]};
    whole.top = {whole.shapes.top, {0, 0, window_.padding[0], window_.padding[1]}};
    return {whole};
  }

  static std::vector<ConvolutionPart> Groups(const TrainedShapes& all) {
    TrainedShapes one = all;
    one.weights.erase(one.weights.begin());
    one.top[1] = one.weights[0];
    one.bottom[1] = one.weights[1];
    std::vector<ConvolutionPart> parts;
    for (std::int64_t group = 0; group < all.weights[0]; ++group) {
      parts.push_back(
          {one, {one.bottom, {0, group * one.bottom[1], 0, 0}}, {one.top, {0, group * one.top[1], 0, 0}}, group * one.top[1]});
    }
    return parts;
  }

  bool IsWhole(const ConvolutionPart& part) const { return part.top.extents == node_.top(0).shape; }
  bool IsFramed(const std::vector<ConvolutionPart>& parts) const { return IsPadded() && !IsWhole(parts[0]); }

  ConvolutionPasses PassesOf(const ConvolutionPart& part, const TrainingDraft& draft) const {
    return {part.shapes, &draft, node_.GoesBackward()};
  }

  // ---- what it reads and writes ------------------------------------------------------------------------------------------
  dnnl::memory Read(TrainingDraft* draft, Part part, int value, const Region& region, const Description& layout) const {
    if (region.extents == node_.graph->ValueAt(value).shape) return draft->Read(part, value, layout);
    const dnnl::memory whole = draft->Read(part, value, draft->Native(value));
    const dnnl::memory own = draft->Buffer(draft->Native(region.extents));
    draft->Do([whole, own, region] { CopyImages(whole, region.Of(whole.get_desc()), own, own.get_desc()); }, {whole, own});
    return Ordered(draft, own, layout);
  }

  static void CopyBack(TrainingDraft* draft, const dnnl::memory& own, const Region& region, const dnnl::memory& whole) {
    const dnnl::memory from = Ordered(draft, own, draft->Native(region.extents));
    draft->Do([from, whole, region] { CopyImages(from, from.get_desc(), whole, region.Of(whole.get_desc())); }, {from, whole});
  }

  Description PlainWeights(const ConvolutionPart& part) const {
    Shape all = part.shapes.weights;
    Shape begin(all.size(), 0);
    if (groups_ > 1 && all.size() == 4) {
      all[0] *= groups_;
      begin[0] = part.first_output;
    }
    return Plain(all).submemory_desc(part.shapes.weights, begin);
  }

  Description PlainBias(const ConvolutionPart& part) const {
    return Plain({bias_->count()}).submemory_desc({part.shapes.top[1]}, {part.first_output});
  }

  dnnl::memory Weights(TrainingDraft* draft, const ConvolutionPart& part, const Description& layout) const {
    return Ordered(draft, draft->Bound(weights_, Part::kData, PlainWeights(part)), layout);
  }

  dnnl::memory Bias(TrainingDraft* draft, const ConvolutionPart& part) const {
    return Ordered(draft, draft->Bound(bias_, Part::kData, PlainBias(part)), Plain({part.shapes.top[1]}));
  }

  // The same in the layout that is wanted.
  static dnnl::memory Ordered(TrainingDraft* draft, const dnnl::memory& memory, const Description& layout) {
    if (memory.get_desc() == layout) return memory;
    const dnnl::memory ordered = draft->Buffer(layout);
    draft->Copy(memory, ordered);
    return ordered;
  }

  // All of the top has what its border will keep.
  void Frame(TrainingDraft* draft, const dnnl::memory& top) const {
    draft->Do(
        [top, bias = bias_, channels = node_.top(0).shape[1]] {
          const std::vector<float> zeros(static_cast<std::size_t>(channels), 0.0f);
          FillChannels(bias == nullptr ? zeros.data() : bias->cpu_data(), top);
        },
        {top});
  }

  // ---- the ReLU above ----------------------------------------------------------------------------------------------------
  // The ReLU that is computed with the convolution.
  const Node* ReluAbove(const TrainingDraft& draft) const {
    const Value& top = node_.top(0);
    if (top.consumers.size() != 1 || top.wanted || draft.InCaffe(top.consumers[0])) return nullptr;
    const TrainedNode above{node_.graph, top.consumers[0]};
    if (above.node().type != "ReLU" || IsLeftToConcat(draft, above)) return nullptr;
    return &above.node();
  }

  // Direct convolutions rectify what they write.
  dnnl::post_ops Fused(const TrainingDraft& draft, const Node* relu) const {
    dnnl::post_ops after;
    if (relu == nullptr || (ReluSlope(*relu) <= 0 && SeenByCaffe(draft, relu->tops[0]))) return after;
    after.append_eltwise(1, dnnl::algorithm::eltwise_relu, std::max(ReluSlope(*relu), kAlmostZero), 0);
    return after;
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

  // ---- the way back ------------------------------------------------------------------------------------------------------
  std::string ToWeights(TrainingDraft* draft) const {
    const int top = node_.node().tops[0];
    const std::vector<ConvolutionPart> parts = Parts(*draft);
    const bool learns_weights = node_.Learns(0);
    const bool learns_bias = bias_ != nullptr && node_.Learns(1);
    const bool framed = IsFramed(parts);
    const TrainingDraft::Adds adds = learns_weights ? draft->AddsTo(weights_) : nullptr;
    const TrainingDraft::Adds adds_bias = learns_bias ? draft->AddsTo(bias_) : nullptr;
    std::string primitive;
    for (const ConvolutionPart& part : parts) {
      const WeightsPass pass = PassesOf(part, *draft).ToWeights();
      const dnnl::memory weights = draft->Buffer(pass.diff_weights_desc());
      Arguments arguments{{DNNL_ARG_SRC, Read(draft, Part::kData, node_.node().bottoms[0], part.bottom, pass.src_desc())},
                          {DNNL_ARG_DIFF_DST, Read(draft, Part::kDiff, top, part.top, pass.diff_dst_desc())},
                          {DNNL_ARG_DIFF_WEIGHTS, weights}};
      dnnl::memory bias;
      if (bias_ != nullptr) arguments[DNNL_ARG_DIFF_BIAS] = bias = draft->Buffer(pass.diff_bias_desc());
      draft->Run(pass, std::move(arguments));
      if (learns_weights) draft->PutGradient(weights, draft->Bound(weights_, Part::kDiff, PlainWeights(part)), adds);
      if (learns_bias && !framed) draft->PutGradient(bias, draft->Bound(bias_, Part::kDiff, PlainBias(part)), adds_bias);
      primitive = pass.impl_info_str();
    }
    if (learns_bias && framed) FramedBias(draft, draft->Read(Part::kDiff, top, draft->Native(top)), adds_bias);
    return primitive;
  }

  // The border counts as well.
  void FramedBias(TrainingDraft* draft, const dnnl::memory& above, const TrainingDraft::Adds& adds) const {
    draft->Do([above, adds, bias = bias_] { SumChannels(above, adds(), bias->mutable_cpu_diff()); }, {above});
  }

  std::string ToData(TrainingDraft* draft) const {
    const int bottom = node_.node().bottoms[0];
    const std::vector<ConvolutionPart> parts = Parts(*draft);
    const bool whole = parts[0].bottom.extents == node_.bottom(0).shape;
    dnnl::memory below;
    if (!whole) below = draft->Write(Part::kDiff, bottom, draft->Native(bottom));
    std::string primitive;
    for (const ConvolutionPart& part : parts) {
      const DataPass pass = PassesOf(part, *draft).ToData();
      const dnnl::memory above = Read(draft, Part::kDiff, node_.node().tops[0], part.top, pass.diff_dst_desc());
      const dnnl::memory weights = Weights(draft, part, pass.weights_desc());
      const dnnl::memory own =
          whole ? draft->Write(Part::kDiff, bottom, pass.diff_src_desc()) : draft->Buffer(pass.diff_src_desc());
      draft->Run(pass, {{DNNL_ARG_DIFF_DST, above}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DIFF_SRC, own}});
      if (!whole) CopyBack(draft, own, part.bottom, below);
      primitive = pass.impl_info_str();
    }
    return primitive;
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
