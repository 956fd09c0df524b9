// Layers that join and part ways: Concat, Eltwise's sum, and Split.
#include <algorithm>
#include <utility>

#include "training_kernels.h"
#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

// The sum of memories of one layout, in the first of them.
void SumIntoFirst(TrainingDraft* draft, const std::vector<dnnl::memory>& all) {
  const Description layout = all[0].get_desc();
  const dnnl::sum::primitive_desc description(layout, std::vector<float>(all.size(), 1.0f),
                                              std::vector<Description>(all.size(), layout), draft->engine(), SharedScratch());
  Arguments arguments{{DNNL_ARG_DST, all[0]}};
  for (std::size_t i = 0; i < all.size(); ++i) arguments[DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i)] = all[i];
  draft->Run(description, std::move(arguments));
  draft->Name(description.impl_info_str(), layout);
}

// Copies its bottoms side by side, row by row; channels stay as convolutions like them where each bottom has whole blocks. A
// ReLU beneath it is done on the way, and its gradient on the way back.
class Concat final : public TrainingOperation {
 public:
  Concat(const TrainedNode& node, std::size_t axis) : node_(node), axis_(axis) {}

  void Forward(TrainingDraft* draft) override {
    const int top = node_.node().tops[0];
    const dnnl::memory to = draft->Write(Part::kData, top, LayoutOf(*draft, top));
    for (std::size_t i = 0; i < node_.node().bottoms.size(); ++i) {
      const int bottom = node_.node().bottoms[i];
      const dnnl::memory from = draft->Read(Part::kData, bottom, LayoutOf(*draft, bottom));
      const Rows rows = RowsOf(i, to.get_desc());
      const Node* const relu = ReluBelow(*draft, i);
      if (relu != nullptr) {
        draft->Do([from, to, rows, slope = ReluSlope(*relu)] { RectifyRows(from, to, rows, slope); }, {from, to});
      } else {
        draft->Do([from, to, rows] { CopyRows(from, to, rows); }, {from, to});
      }
    }
    draft->Name("ours", to.get_desc());
  }

  void Backward(TrainingDraft* draft) override {
    const int top = node_.node().tops[0];
    const Description layout = LayoutOf(*draft, top);
    const dnnl::memory from = draft->Read(Part::kDiff, top, layout);
    for (std::size_t i = 0; i < node_.node().bottoms.size(); ++i) {
      if (!node_.GoesBackwardTo(i)) continue;
      const int bottom = node_.node().bottoms[i];
      const dnnl::memory to = draft->Write(Part::kDiff, bottom, LayoutOf(*draft, bottom));
      Rows rows = RowsOf(i, layout);
      std::swap(rows.from_begin, rows.to_begin);
      std::swap(rows.from_stride, rows.to_stride);
      const Node* const relu = ReluBelow(*draft, i);
      if (relu != nullptr) {
        const dnnl::memory output = draft->Read(Part::kData, top, layout);
        draft->Do([output, from, to, rows, slope = ReluSlope(*relu)] { MaskRows(output, from, to, rows, slope); },
                  {output, from, to});
      } else {
        draft->Do([from, to, rows] { CopyRows(from, to, rows); }, {from, to});
      }
    }
    draft->Name("ours", layout);
  }

 private:
  bool InBlocks() const {
    const auto& bottoms = node_.node().bottoms;
    return axis_ == 1 && std::all_of(bottoms.begin(), bottoms.end(), [this](int bottom) {
             const Shape& shape = node_.graph->ValueAt(bottom).shape;
             return shape.size() == 4 && shape[1] % 16 == 0;
           });
  }

  Description LayoutOf(const TrainingDraft& draft, int value) const {
    return InBlocks() ? draft.Native(value) : draft.Plain(value);
  }

  // From bottom `index` to the top, which lie as this layout.
  Rows RowsOf(std::size_t index, const Description& layout) const {
    const Shape& shape = node_.bottom(index).shape;
    Rows rows{1, shape[axis_], 0, 0, 0, node_.top(0).shape[axis_]};
    for (std::size_t i = 0; i < index; ++i) rows.to_begin += node_.bottom(i).shape[axis_];
    bool outside = true;
    for (const int axis : OrderOfAxes(layout)) {
      const std::int64_t extent = shape[static_cast<std::size_t>(axis)];
      if (axis == static_cast<int>(axis_)) {
        outside = false;
      } else if (outside) {
        rows.count *= extent;
      } else {
        for (std::int64_t* const values : {&rows.length, &rows.to_begin, &rows.to_stride}) *values *= extent;
      }
    }
    rows.from_stride = rows.length;
    return rows;
  }

  const Node* ReluBelow(const TrainingDraft& draft, std::size_t index) const {
    const int producer = node_.bottom(index).producer;
    if (producer == kNone || draft.InCaffe(producer)) return nullptr;
    const TrainedNode below{node_.graph, producer};
    return below.node().type == "ReLU" && IsLeftToConcat(draft, below) ? &below.node() : nullptr;
  }

  const TrainedNode node_;
  const std::size_t axis_;
};

// The sum of all bottoms.
class Sum final : public TrainingOperation {
 public:
  explicit Sum(const TrainedNode& node) : node_(node) {}

  void Forward(TrainingDraft* draft) override {
    const int top = node_.node().tops[0];
    const Description layout = draft->Native(top);
    std::vector<dnnl::memory> all{draft->Write(Part::kData, top, layout)};
    const std::vector<int>& bottoms = node_.node().bottoms;
    draft->Copy(draft->Read(Part::kData, bottoms[0], layout), all[0]);
    for (std::size_t i = 1; i < bottoms.size(); ++i) all.push_back(draft->Read(Part::kData, bottoms[i], layout));
    SumIntoFirst(draft, all);
  }

  // Each bottom has a gradient of its own, as layers below may change theirs in place.
  void Backward(TrainingDraft* draft) override {
    const Description layout = draft->Native(node_.node().tops[0]);
    const dnnl::memory above = draft->Read(Part::kDiff, node_.node().tops[0], layout);
    for (std::size_t i = 0; i < node_.node().bottoms.size(); ++i) {
      if (node_.GoesBackwardTo(i)) draft->Copy(above, draft->Write(Part::kDiff, node_.node().bottoms[i], layout));
    }
    draft->Name("copies", layout);
  }

 private:
  const TrainedNode node_;
};

// Forward nothing happens: the tops lie where the bottom does. Backward their gradients are summed.
class Split final : public TrainingOperation {
 public:
  explicit Split(const TrainedNode& node) : node_(node) {}

  void Forward(TrainingDraft* draft) override {
    const int bottom = node_.node().bottoms[0];
    const dnnl::memory memory = draft->Read(Part::kData, bottom, draft->LayoutOf(Part::kData, bottom));
    for (const int top : node_.node().tops) draft->Put(Part::kData, top, memory);
    draft->Name("none", memory.get_desc());
  }

  void Backward(TrainingDraft* draft) override {
    if (!node_.GoesBackwardTo(0)) return;
    // Who counts for no loss, an Accuracy, gives no gradient.
    std::vector<int> tops = node_.node().tops;
    const auto without = [draft](int top) { return !draft->Has(Part::kDiff, top); };
    tops.erase(std::remove_if(tops.begin(), tops.end(), without), tops.end());
    const int bottom = node_.node().bottoms[0];
    const Description layout = tops.empty() ? draft->Plain(bottom) : draft->LayoutOf(Part::kDiff, tops[0]);
    std::vector<dnnl::memory> all;
    for (const int top : tops) all.push_back(draft->Read(Part::kDiff, top, layout));
    if (all.size() > 1) SumIntoFirst(draft, all);
    if (!all.empty()) draft->Put(Part::kDiff, bottom, all[0]);
  }

 private:
  const TrainedNode node_;
};

}  // namespace

TrainingOperationPtr TrainConcat(const TrainedNode& node) {
  const caffe::ConcatParameter& param = node.node().parameter().concat_param();
  const int axes = static_cast<int>(node.bottom(0).shape.size());
  const int axis = param.has_concat_dim() ? static_cast<int>(param.concat_dim()) : param.axis();
  if (node.node().bottoms.size() < 2 || node.node().tops.size() != 1) return nullptr;  // one bottom: Caffe shares its memory
  return std::make_unique<Concat>(node, static_cast<std::size_t>(axis < 0 ? axis + axes : axis));
}

TrainingOperationPtr TrainEltwise(const TrainedNode& node) {
  const caffe::EltwiseParameter& param = node.node().parameter().eltwise_param();
  const auto& coefficients = param.coeff();
  const bool plain = std::all_of(coefficients.begin(), coefficients.end(), [](float factor) { return factor == 1; });
  if (param.operation() != caffe::EltwiseParameter::SUM || !plain) return nullptr;
  return std::make_unique<Sum>(node);
}

TrainingOperationPtr TrainSplit(const TrainedNode& node) { return std::make_unique<Split>(node); }

}  // namespace caffe_node::onednn
