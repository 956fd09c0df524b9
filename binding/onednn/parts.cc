#include "parts.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "operations.h"

namespace caffe_node::onednn {

namespace {

// What a part should not exceed: about the cache of a core, by the largest blob of the part.
constexpr std::int64_t kPartBytes = std::int64_t{1} << 20;

bool IsBatchOf(const Value& value, std::int64_t images) { return value.shape.size() >= 2 && value.shape[0] == images; }

std::int64_t BytesPerImage(const Value& value) {
  return std::accumulate(value.shape.begin() + 1, value.shape.end(), std::int64_t{sizeof(float)}, std::multiplies<>());
}

class Cutter {
 public:
  Cutter(const Graph& graph, const std::set<int>& whole, int threads) : graph_(graph), whole_(whole), threads_(threads) {
    parts_.cut_node.resize(graph.nodes.size());
    parts_.cut_value.resize(graph.values.size());
  }

  Parts Cut() {
    images_ = Images();
    if (images_ < 2) return std::move(parts_);
    for (std::size_t value = 0; value < graph_.values.size(); ++value) {
      parts_.cut_value[value] = graph_.values[value].producer == kNone && IsBatchOf(graph_.values[value], images_);
    }
    for (std::size_t index = 0; index < graph_.nodes.size(); ++index) {
      const Node& node = graph_.nodes[index];
      if (!CanCut(node)) continue;
      parts_.cut_node[index] = true;
      for (const int top : node.tops) {
        parts_.cut_value[static_cast<std::size_t>(top)] = true;
        largest_ = std::max(largest_, BytesPerImage(graph_.ValueAt(top)));
      }
    }
    if (largest_ > 0) Divide();
    return std::move(parts_);
  }

 private:
  // The extent of the inputs' first axis, where there is one.
  std::int64_t Images() const {
    for (const Value& value : graph_.values) {
      if (value.producer == kNone && value.shape.size() >= 3) return value.shape[0];
    }
    return 1;
  }

  bool CanCut(const Node& node) const {
    return whole_.count(node.layer) == 0 && TreatsImagesAlone(node) &&
           std::all_of(node.bottoms.begin(), node.bottoms.end(),
                       [&](int bottom) { return parts_.cut_value[static_cast<std::size_t>(bottom)]; }) &&
           std::all_of(node.tops.begin(), node.tops.end(), [&](int top) { return IsBatchOf(graph_.ValueAt(top), images_); });
  }

  // Into the fewest parts that are small enough and alike: such that the threads have as many each, if there are.
  void Divide() {
    for (std::int64_t images = std::clamp<std::int64_t>(kPartBytes / largest_, 1, images_); images > 0; --images) {
      if (images_ % images != 0) continue;
      const std::int64_t count = images_ / images;
      if (parts_.count == 1) parts_.count = count;
      if (!ComesOutEvenly(count)) continue;
      parts_.count = count;
      parts_.workers = threads_;
      return;
    }
  }

  // Whether the threads are idle for less than they lose when they work at each part together.
  bool ComesOutEvenly(std::int64_t count) const {
    const std::int64_t rounds = (count + threads_ - 1) / threads_;
    return threads_ > 1 && 10 * rounds * threads_ <= 11 * count;
  }

  const Graph& graph_;
  const std::set<int>& whole_;
  const int threads_;
  Parts parts_;
  std::int64_t images_ = 1;
  std::int64_t largest_ = 0;  // bytes of the largest top, per image
};

}  // namespace

Parts CutBatch(const Graph& graph, const std::set<int>& whole, int threads) { return Cutter(graph, whole, threads).Cut(); }

}  // namespace caffe_node::onednn
