#include "folding.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace caffe_node::onednn {

namespace {

// What a channel goes through: factor * x + summand.
struct Channel {
  double factor = 1;
  double summand = 0;
};

bool IsFolded(const FusedLayer& layer) {
  const std::string type = layer.caffe->type();
  return type == "BatchNorm" || type == "Scale" || type == "Bias";
}

// One parameter for each place on axis 1.
bool IsByChannel(int axis, int axes, const FloatBlob& parameter) {
  return (axis == 1 || axis == 1 - axes) && parameter.num_axes() == 1;
}

// Caffe keeps sums, and what to divide them by.
void AddBatchNorm(FloatLayer& layer, std::vector<Channel>* channels) {
  const auto& blobs = layer.blobs();
  const double divisor = blobs[2]->cpu_data()[0];
  const double factor = divisor == 0 ? 0 : 1 / divisor;
  const double epsilon = layer.layer_param().batch_norm_param().eps();
  for (std::size_t i = 0; i < channels->size(); ++i) {
    const double mean = blobs[0]->cpu_data()[i] * factor;
    const double deviation = std::sqrt(blobs[1]->cpu_data()[i] * factor + epsilon);
    Channel& channel = (*channels)[i];
    channel = {channel.factor / deviation, (channel.summand - mean) / deviation};
  }
}

void AddFactors(const FloatBlob& blob, std::vector<Channel>* channels) {
  for (std::size_t i = 0; i < channels->size(); ++i) {
    (*channels)[i].factor *= blob.cpu_data()[i];
    (*channels)[i].summand *= blob.cpu_data()[i];
  }
}

void AddSummands(const FloatBlob& blob, std::vector<Channel>* channels) {
  for (std::size_t i = 0; i < channels->size(); ++i) (*channels)[i].summand += blob.cpu_data()[i];
}

// Which output the value of a blob of weights belongs to.
std::size_t OutputOf(std::size_t index, std::size_t inner, std::size_t outputs, bool transposed) {
  return transposed ? index % outputs : index / inner;
}

}  // namespace

bool CanFold(const Graph& graph, const Node& node, const Node& next) {
  if (node.type != "Convolution" && node.type != "InnerProduct") return false;
  if (node.bottoms.size() != 1 || next.bottoms.size() != 1 || next.tops.size() != 1) return false;
  if (!std::all_of(node.fused.begin(), node.fused.end(), IsFolded)) return false;
  const auto axes = static_cast<int>(graph.ValueAt(node.tops[0]).shape.size());
  const bool outputs_on_axis_1 = node.type == "Convolution" ? node.parameter().convolution_param().axis() == 1
                                                            : node.parameter().inner_product_param().axis() == 1;
  if (!outputs_on_axis_1) return false;
  const auto& blobs = next.caffe->blobs();
  if (next.type == "Scale") return IsByChannel(next.parameter().scale_param().axis(), axes, *blobs[0]);
  if (next.type == "Bias") return IsByChannel(next.parameter().bias_param().axis(), axes, *blobs[0]);
  if (next.type != "BatchNorm") return false;
  const caffe::BatchNormParameter& fields = next.parameter().batch_norm_param();
  const bool given = fields.has_use_global_stats() ? fields.use_global_stats() : next.parameter().phase() == caffe::TEST;
  return given && fields.eps() > 0;
}

bool HasFolded(const Node& node) { return std::any_of(node.fused.begin(), node.fused.end(), IsFolded); }

bool HasBias(const Node& node) { return HasFolded(node) || node.caffe->blobs().size() > 1; }

FoldedWeights Fold(const Node& node) {
  const auto& own = node.caffe->blobs();
  const bool transposed = node.type == "InnerProduct" && node.parameter().inner_product_param().transpose();
  const auto outputs = static_cast<std::size_t>(transposed ? own[0]->shape(1) : own[0]->shape(0));
  std::vector<Channel> channels(outputs);
  if (own.size() > 1) AddSummands(*own[1], &channels);
  for (const FusedLayer& layer : node.fused) {
    if (!IsFolded(layer)) continue;
    const std::string type = layer.caffe->type();
    const auto& blobs = layer.caffe->blobs();
    if (type == "BatchNorm") AddBatchNorm(*layer.caffe, &channels);
    if (type == "Scale") AddFactors(*blobs[0], &channels);
    if (type == "Bias") AddSummands(*blobs[0], &channels);
    if (type == "Scale" && blobs.size() > 1) AddSummands(*blobs[1], &channels);
  }
  FoldedWeights folded;
  for (const Channel& channel : channels) folded.bias.push_back(static_cast<float>(channel.summand));
  const auto count = static_cast<std::size_t>(own[0]->count());
  const float* const weights = own[0]->cpu_data();
  folded.weights.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    folded.weights[i] = static_cast<float>(weights[i] * channels[OutputOf(i, count / outputs, outputs, transposed)].factor);
  }
  return folded;
}

}  // namespace caffe_node::onednn
