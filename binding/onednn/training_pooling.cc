// Pooling over images, by maximum and by average.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "../checks/undecided_pools.h"
#include "max_pooling.h"
#include "training_kernels.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

using Dims = dnnl::memory::dims;
using PoolForward = dnnl::pooling_forward;
using PoolBackward = dnnl::pooling_backward;

struct Windows {
  Dims kernel;
  Dims strides;
  Dims before;  // padding above and on the left
  Dims after;
  bool overhang = false;  // the last window reaches beyond what is padded
  PooledAxis Axis(std::size_t axis) const { return {kernel[axis], strides[axis], before[axis]}; }
};

Windows WindowsOf(const TrainedNode& node) {
  const caffe::PoolingParameter& param = node.node().parameter().pooling_param();
  const Dims& bottom = node.bottom(0).shape;
  const Dims& top = node.top(0).shape;
  Windows windows;
  if (param.global_pooling()) return {{bottom[2], bottom[3]}, {1, 1}, {0, 0}, {0, 0}, false};
  windows.kernel =
      param.has_kernel_size() ? Dims{param.kernel_size(), param.kernel_size()} : Dims{param.kernel_h(), param.kernel_w()};
  windows.strides = param.has_stride_h() ? Dims{param.stride_h(), param.stride_w()} : Dims{param.stride(), param.stride()};
  windows.before = param.has_pad_h() ? Dims{param.pad_h(), param.pad_w()} : Dims{param.pad(), param.pad()};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    // Caffe rounds the number of windows up.
    const std::int64_t reach = (top[axis + 2] - 1) * windows.strides[axis] + windows.kernel[axis];
    const std::int64_t after = reach - bottom[axis + 2] - windows.before[axis];
    windows.overhang = windows.overhang || after > windows.before[axis];
    windows.after.push_back(std::max<std::int64_t>(after, 0));
  }
  return windows;
}

class Pooling final : public TrainingOperation {
 public:
  Pooling(const TrainedNode& node, dnnl::algorithm algorithm) : node_(node), windows_(WindowsOf(node)), algorithm_(algorithm) {}

  void Forward(TrainingDraft* draft) override {
    if (IsOfOurs(*draft)) return ForwardByOurs(draft);
    const auto description = Describe(*draft);
    const dnnl::memory source = draft->Read(Part::kData, node_.node().bottoms[0], description.src_desc());
    const dnnl::memory result = draft->Write(Part::kData, node_.node().tops[0], description.dst_desc());
    Arguments arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}};
    if (description.workspace_desc().get_size() > 0) {
      workspace_ = draft->Buffer(description.workspace_desc());
      arguments[DNNL_ARG_WORKSPACE] = workspace_;
    }
    draft->Run(description, std::move(arguments));
    if (KeepsPlaces()) RequireDecided(draft, result);
    draft->Name(description.impl_info_str(), description.dst_desc());
  }

  void Backward(TrainingDraft* draft) override {
    if (!node_.GoesBackwardTo(0)) return;
    if (IsOfOurs(*draft)) return BackwardByOurs(draft);
    const auto hint = Describe(*draft);
    const PoolBackward::desc wanted(algorithm_, hint.src_desc(), hint.dst_desc(), windows_.strides, windows_.kernel,
                                    windows_.before, windows_.after);
    const PoolBackward::primitive_desc description(wanted, SharedScratch(), draft->engine(), hint);
    const dnnl::memory above = ReadAbove(draft, description.diff_dst_desc());
    const dnnl::memory below = draft->Write(Part::kDiff, node_.node().bottoms[0], description.diff_src_desc());
    Arguments arguments{{DNNL_ARG_DIFF_DST, above}, {DNNL_ARG_DIFF_SRC, below}};
    if (KeepsPlaces()) arguments[DNNL_ARG_WORKSPACE] = workspace_;
    draft->Run(description, std::move(arguments));
    draft->Name(description.impl_info_str(), description.diff_src_desc());
  }

 private:
  // Of bf16 whose channels lie together.
  bool IsOfOurs(const TrainingDraft& draft) const {
    return algorithm_ == dnnl::algorithm::pooling_max &&
           MaxPooling::Suits(draft.Native(node_.node().bottoms[0]), windows_.Axis(0), windows_.Axis(1));
  }

  MaxPooling Ours() const { return {node_.bottom(0).shape, node_.top(0).shape, windows_.Axis(0), windows_.Axis(1)}; }

  void ForwardByOurs(TrainingDraft* draft) {
    const Description layout = draft->Native(node_.node().tops[0]);
    const dnnl::memory bottom = draft->Read(Part::kData, node_.node().bottoms[0], draft->Native(node_.node().bottoms[0]));
    const dnnl::memory top = draft->Write(Part::kData, node_.node().tops[0], layout);
    if (KeepsPlaces()) {
      workspace_ = draft->Buffer(layout);
      draft->Do([pooling = Ours(), bottom, top, places = workspace_] { pooling.ForwardWithPlaces(bottom, top, places); },
                {bottom, top, workspace_});
      RequireDecided(draft, top);
    } else {
      draft->Do([pooling = Ours(), bottom, top] { pooling.Forward(bottom, top); }, {bottom, top});
    }
    draft->Name("ours", layout);
  }

  void BackwardByOurs(TrainingDraft* draft) {
    const Description layout = draft->Native(node_.node().bottoms[0]);
    const dnnl::memory above = ReadAbove(draft, draft->Native(node_.node().tops[0]));
    const dnnl::memory below = draft->Write(Part::kDiff, node_.node().bottoms[0], layout);
    draft->Do([pooling = Ours(), above, below, places = workspace_] { pooling.Backward(above, places, below); },
              {above, below, workspace_});
    draft->Name("ours", layout);
  }

  void RequireDecided(TrainingDraft* draft, const dnnl::memory& top) const {
    draft->Do(
        [top] {
          if (!AllDecided(top)) throw UndecidedPool();
        },
        {top});
  }

  // The gradient of the top, without what a ReLU below the pooling would not let pass.
  dnnl::memory ReadAbove(TrainingDraft* draft, const Description& layout) const {
    const dnnl::memory above = draft->Read(Part::kDiff, node_.node().tops[0], layout);
    if (const Node* const relu = ReluBelow(*draft)) {
      const dnnl::memory output = draft->Read(Part::kData, node_.node().tops[0], layout);
      draft->Do([output, above, rows = AllOf(layout), slope = ReluSlope(*relu)] { MaskRows(output, above, above, rows, slope); },
                {output, above});
    }
    return above;
  }

  // Where each maximum was, for the way back.
  bool KeepsPlaces() const { return node_.GoesBackward() && algorithm_ == dnnl::algorithm::pooling_max; }

  // Whose gradient is computed here.
  const Node* ReluBelow(const TrainingDraft& draft) const {
    const int producer = node_.bottom(0).producer;
    if (producer == kNone || draft.InCaffe(producer)) return nullptr;
    const TrainedNode below{node_.graph, producer};
    return below.node().type == "ReLU" && IsLeftToPooling(draft, below) ? &below.node() : nullptr;
  }

  PoolForward::primitive_desc Describe(const TrainingDraft& draft) const {
    const auto kind = node_.GoesBackward() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const PoolForward::desc wanted(kind, algorithm_, draft.Native(node_.node().bottoms[0]), draft.Native(node_.node().tops[0]),
                                   windows_.strides, windows_.kernel, windows_.before, windows_.after);
    const PoolForward::primitive_desc description(wanted, SharedScratch(), draft.engine());
    RequireFast(description);
    return description;
  }

  const TrainedNode node_;
  const Windows windows_;
  const dnnl::algorithm algorithm_;
  dnnl::memory workspace_;
};

}  // namespace

TrainingOperationPtr TrainPooling(const TrainedNode& node) {
  const caffe::PoolingParameter& param = node.node().parameter().pooling_param();
  if (node.bottom(0).shape.size() != 4 || node.node().tops.size() != 1) return nullptr;
  if (param.pool() == caffe::PoolingParameter::MAX) return std::make_unique<Pooling>(node, dnnl::algorithm::pooling_max);
  if (param.pool() != caffe::PoolingParameter::AVE) return nullptr;
  // Caffe divides by the part of the window that lies on the bottom or its padding; oneDNN by all of the window, or by what lies
  // on the bottom.
  const Windows windows = WindowsOf(node);
  const bool padded = windows.before != Dims{0, 0};
  if (padded && windows.overhang) return nullptr;
  return std::make_unique<Pooling>(
      node, padded ? dnnl::algorithm::pooling_avg_include_padding : dnnl::algorithm::pooling_avg_exclude_padding);
}

}  // namespace caffe_node::onednn
