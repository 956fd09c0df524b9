#include "net_memory.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "checks/values.h"

namespace caffe_node {

namespace {

BlobBytes BytesOf(const FloatBlob& blob) {
  return {HeldBytes(MemoryOf(blob, Part::kData)), HeldBytes(MemoryOf(blob, Part::kDiff))};
}

template <typename Visit>
void ForEachMemory(const FloatNet& net, const Visit& visit) {
  for (const auto* const blobs : {&net.blobs(), &net.params()}) {
    for (const auto& blob : *blobs) {
      visit(MemoryOf(*blob, Part::kData));
      visit(MemoryOf(*blob, Part::kDiff));
    }
  }
}

// Their tops get the memory of their bottom when they run.
bool SharesItsBottom(const caffe::LayerParameter& layer) {
  return layer.type() == "Split" || layer.type() == "Flatten" || layer.type() == "Reshape";
}

bool Convolves(const caffe::LayerParameter& layer) { return layer.type() == "Convolution" || layer.type() == "Deconvolution"; }

using Extents = google::protobuf::RepeatedField<google::protobuf::uint32>;

// A setting of a window along one of two axes, as Caffe reads it: stride_h, or stride for both, or stride for each.
std::int64_t Setting(const Extents& each, std::uint32_t own, int axis, std::int64_t otherwise) {
  if (own > 0) return own;
  if (each.size() == 0) return otherwise;
  return each.Get(each.size() == 1 ? 0 : std::min(axis, each.size() - 1));
}

// The matrix that a convolution unfolds its bottom into: beside the tops the greatest thing in a net, and nothing that a blob
// shows.
std::int64_t ColumnBytes(const caffe::Layer<float>& layer, const FloatBlob& bottom, const FloatBlob& weights) {
  const caffe::ConvolutionParameter& param = layer.layer_param().convolution_param();
  if (weights.num_axes() != 4 || bottom.num_axes() != 4) return 0;
  std::int64_t places = 1;
  bool unfolds = weights.count(2) > 1;
  for (int axis = 0; axis < 2; ++axis) {
    const std::int64_t extent = bottom.shape(axis + 2);
    const std::int64_t stride = Setting(param.stride(), axis == 0 ? param.stride_h() : param.stride_w(), axis, 1);
    const std::int64_t pad = Setting(param.pad(), axis == 0 ? param.pad_h() : param.pad_w(), axis, 0);
    const std::int64_t dilation = Setting(param.dilation(), 0, axis, 1);
    const std::int64_t window = dilation * (weights.shape(axis + 2) - 1) + 1;
    unfolds = unfolds || stride > 1 || pad > 0;
    // A deconvolution unfolds its top: one column for each place of its bottom.
    const bool transposed = layer.layer_param().type() == "Deconvolution";
    places *=
        transposed ? extent : std::max<std::int64_t>(0, (extent + 2 * pad - window) / std::max<std::int64_t>(1, stride) + 1);
  }
  if (!unfolds) return 0;
  return places * weights.count(1) * param.group() * static_cast<std::int64_t>(sizeof(float));
}

std::int64_t ColumnBytes(const FloatNet& net, std::size_t layer) {
  const caffe::Layer<float>& one = *net.layers()[layer];
  if (!Convolves(one.layer_param()) || net.bottom_vecs()[layer].empty()) return 0;
  // Its blobs() has no const form.
  const auto& params = net.layers()[layer]->blobs();
  return params.empty() ? 0 : ColumnBytes(one, *net.bottom_vecs()[layer][0], *params[0]);
}

// What the tops of a layer will take when the net runs.
std::int64_t TopBytes(const FloatNet& net, std::size_t layer, std::unordered_set<const caffe::SyncedMemory*>* seen) {
  std::int64_t bytes = 0;
  const auto add = [&](const BlobMemory& memory) {
    if (memory && seen->insert(memory.get()).second) bytes += UntouchedBytes(memory);
  };
  for (const FloatBlob* const top : net.top_vecs()[layer]) {
    if (!SharesItsBottom(net.layers()[layer]->layer_param())) add(MemoryOf(*top, Part::kData));
    if (net.layer_need_backward()[layer]) add(MemoryOf(*top, Part::kDiff));
  }
  return bytes;
}

std::string NameOf(const std::string& net) { return "The net '" + net + "'"; }

// 0 for shapes that Caffe refuses anyway.
std::int64_t SourceBytes(const google::protobuf::RepeatedPtrField<caffe::BlobShape>& shapes) {
  std::int64_t bytes = 0;
  for (const caffe::BlobShape& shape : shapes) {
    std::int64_t count = sizeof(float);
    for (const auto extent : shape.dim()) {
      if (extent < 1 || count > (std::int64_t{1} << 33) / extent) return 0;
      count *= extent;
    }
    bytes += count;
  }
  return bytes;
}

}  // namespace

NetMemory MeasureMemory(const FloatNet& net) {
  NetMemory memory;
  for (const auto& blob : net.blobs()) memory.blobs.push_back(BytesOf(*blob));
  for (const auto& layer : net.layers()) {
    memory.params.emplace_back();
    for (const auto& blob : layer->blobs()) memory.params.back().push_back(BytesOf(*blob));
  }
  memory.total = HeldMemory(net, {});
  return memory;
}

std::int64_t HeldMemory(const FloatNet& net, const std::set<const caffe::SyncedMemory*>& foreign) {
  std::int64_t bytes = 0;
  std::unordered_set<const caffe::SyncedMemory*> seen(foreign.begin(), foreign.end());
  ForEachMemory(net, [&](const BlobMemory& memory) {
    if (memory && seen.insert(memory.get()).second) bytes += HeldBytes(memory);
  });
  return bytes;
}

std::int64_t HeldByEach(const FloatNet& net) {
  std::int64_t bytes = 0;
  ForEachMemory(net, [&](const BlobMemory& memory) { bytes += HeldBytes(memory); });
  return bytes;
}

void RequireMemoryForSources(const caffe::NetParameter& net) {
  caffe::NetParameter filtered;
  FloatNet::FilterNet(net, &filtered);
  MemoryBudget budget(NameOf(net.name()));
  for (const caffe::LayerParameter& layer : filtered.layer()) {
    if (layer.type() == "Input") budget.Spend(SourceBytes(layer.input_param().shape()));
    if (layer.type() == "DummyData") budget.Spend(SourceBytes(layer.dummy_data_param().shape()));
  }
}

ColumnSizes RequireMemoryToRun(const FloatNet& net, const std::string& name) {
  MemoryBudget budget(NameOf(name));
  ColumnSizes columns;
  std::unordered_set<const caffe::SyncedMemory*> seen;
  for (std::size_t i = 0; i < net.layers().size(); ++i) {
    columns.push_back(ColumnBytes(net, i));
    budget.Spend(columns.back() + TopBytes(net, i, &seen));
  }
  return columns;
}

void ReshapeLayers(FloatNet* net, const std::string& name, ColumnSizes* columns) {
  MemoryBudget budget(NameOf(name));
  ColumnSizes grown = *columns;
  std::unordered_set<const caffe::SyncedMemory*> seen;
  for (std::size_t i = 0; i < grown.size(); ++i) {
    try {
      // Buffers never shrink.
      grown[i] = std::max(grown[i], ColumnBytes(*net, i));
      budget.Spend(grown[i] - (*columns)[i]);
      RequireBottoms(*net, static_cast<int>(i));
      net->layers()[i]->Reshape(net->bottom_vecs()[i], net->top_vecs()[i]);
      budget.Spend(TopBytes(*net, i, &seen));
    } catch (...) {
      throw InLayer(AsFailure(std::current_exception()), net->layer_names()[i]);
    }
  }
  *columns = std::move(grown);
}

}  // namespace caffe_node
