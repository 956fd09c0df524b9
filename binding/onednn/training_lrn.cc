// Local response normalisation across channels.
#include <omp.h>

#include <utility>

#include "lrn_by_place.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

using LrnForward = dnnl::lrn_forward;
using LrnBackward = dnnl::lrn_backward;
constexpr auto kAcross = dnnl::algorithm::lrn_across_channels;

class Lrn final : public TrainingOperation {
 public:
  explicit Lrn(const TrainedNode& node) : node_(node), param_(node.node().parameter().lrn_param()) {}

  void Forward(TrainingDraft* draft) override {
    const Description images = draft->Native(node_.node().bottoms[0]);
    if (LrnByPlace::Suits(param_, images)) return ForwardByPlace(draft, images);
    const auto description = Describe(*draft);
    const dnnl::memory source = draft->Read(Part::kData, node_.node().bottoms[0], description.src_desc());
    const dnnl::memory result = draft->Write(Part::kData, node_.node().tops[0], description.dst_desc());
    Arguments arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, result}};
    if (description.workspace_desc().get_size() > 0) {
      workspace_ = draft->Buffer(description.workspace_desc());
      arguments[DNNL_ARG_WORKSPACE] = workspace_;
    }
    draft->Run(description, std::move(arguments));
    draft->Name(description.impl_info_str(), description.dst_desc());
  }

  void Backward(TrainingDraft* draft) override {
    if (!node_.GoesBackwardTo(0)) return;
    const Description images = draft->Native(node_.node().bottoms[0]);
    if (LrnByPlace::Suits(param_, images)) return BackwardByPlace(draft, images);
    const auto hint = Describe(*draft);
    const Description layout = hint.src_desc();
    const LrnBackward::desc wanted(kAcross, layout, layout, param_.local_size(), param_.alpha(), param_.beta(), param_.k());
    const LrnBackward::primitive_desc description(wanted, SharedScratch(), draft->engine(), hint);
    RequireFast(description);
    Arguments arguments{{DNNL_ARG_SRC, draft->Read(Part::kData, node_.node().bottoms[0], layout)},
                        {DNNL_ARG_DIFF_DST, draft->Read(Part::kDiff, node_.node().tops[0], layout)},
                        {DNNL_ARG_DIFF_SRC, draft->Write(Part::kDiff, node_.node().bottoms[0], layout)}};
    if (workspace_) arguments[DNNL_ARG_WORKSPACE] = workspace_;
    draft->Run(description, std::move(arguments));
    draft->Name(description.impl_info_str(), layout);
  }

 private:
  void ForwardByPlace(TrainingDraft* draft, const Description& images) {
    const LrnByPlace lrn(param_, images, omp_get_max_threads());
    const dnnl::memory bottom = draft->Read(Part::kData, node_.node().bottoms[0], images);
    const dnnl::memory top = draft->Write(Part::kData, node_.node().tops[0], images);
    const dnnl::memory scratch = draft->Buffer(lrn.Scratch());
    draft->Do([=] { lrn.Forward(bottom, ValuesOf<float>(scratch), top); }, {bottom, top, scratch});
    draft->Name("ours", images);
  }

  void BackwardByPlace(TrainingDraft* draft, const Description& images) {
    const LrnByPlace lrn(param_, images, omp_get_max_threads());
    const dnnl::memory bottom = draft->Read(Part::kData, node_.node().bottoms[0], images);
    const dnnl::memory above = draft->Read(Part::kDiff, node_.node().tops[0], images);
    const dnnl::memory below = draft->Write(Part::kDiff, node_.node().bottoms[0], images);
    const dnnl::memory scratch = draft->Buffer(lrn.Scratch());
    draft->Do([=] { lrn.Backward(bottom, above, ValuesOf<float>(scratch), below); }, {bottom, above, below, scratch});
    draft->Name("ours", images);
  }

  LrnForward::primitive_desc Describe(const TrainingDraft& draft) const {
    const auto kind = node_.GoesBackward() ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
    const LrnForward::desc wanted(kind, kAcross, draft.Native(node_.node().bottoms[0]), param_.local_size(), param_.alpha(),
                                  param_.beta(), param_.k());
    const LrnForward::primitive_desc description(wanted, SharedScratch(), draft.engine());
    RequireFast(description);
    return description;
  }

  const TrainedNode node_;
  const caffe::LRNParameter& param_;
  dnnl::memory workspace_;
};

}  // namespace

TrainingOperationPtr TrainLrn(const TrainedNode& node) {
  const bool across = node.node().parameter().lrn_param().norm_region() == caffe::LRNParameter::ACROSS_CHANNELS;
  const Shape& shape = node.bottom(0).shape;
  // For images of one value and a window of one, oneDNN crashes over the backward pass; one channel is quickly done in Caffe.
  return across && shape.size() == 4 && shape[1] > 1 ? std::make_unique<Lrn>(node) : nullptr;
}

}  // namespace caffe_node::onednn
