#include "plan_rules.h"

#include <algorithm>
#include <set>

namespace caffe_node {

namespace {

template <typename Rule>
std::optional<Obstacle> FirstLayer(const FloatNet& net, const std::string& reason, const Rule& rule) {
  for (std::size_t i = 0; i < net.layers().size(); ++i) {
    if (!rule(static_cast<int>(i))) continue;
    const std::string& name = net.layer_names()[i];
    return Obstacle{name, "layer '" + name + "' (" + net.layers()[i]->type() + ") " + reason};
  }
  return std::nullopt;
}

const caffe::LayerParameter& ParameterOf(const FloatNet& net, int layer) {
  return net.layers()[static_cast<std::size_t>(layer)]->layer_param();
}

constexpr const char* kNotTheSame = "does not give the same when it is run twice";

bool Remembers(const caffe::LayerParameter& layer) {
  static const std::set<std::string> remembering{"RNN", "LSTM", "Recurrent", "JavaScript", "Python", "HDF5Output"};
  return remembering.count(layer.type()) > 0;
}

}  // namespace

std::vector<int> LayersWithoutBottoms(const FloatNet& net) {
  std::vector<int> layers;
  for (int i = 0; i < static_cast<int>(net.layers().size()); ++i) {
    if (net.bottom_ids(i).empty()) layers.push_back(i);
  }
  return layers;
}

std::optional<Obstacle> WhyNotPlanned(const FloatNet& net) {
  std::set<int> inputs;
  for (const int layer : LayersWithoutBottoms(net)) inputs.insert(net.top_ids(layer).begin(), net.top_ids(layer).end());
  auto obstacle = FirstLayer(net, "works in place on an input", [&](int layer) {
    if (net.bottom_ids(layer).empty()) return false;
    const auto& tops = net.top_ids(layer);
    return std::any_of(tops.begin(), tops.end(), [&](int blob) { return inputs.count(blob) > 0; });
  });
  if (obstacle) return obstacle;
  return FirstLayer(net, "shapes its tops by values", [&](int layer) { return ParameterOf(net, layer).type() == "Filter"; });
}

std::optional<Obstacle> WhyNotTrainedTwice(const FloatNet& net) {
  return FirstLayer(net, kNotTheSame, [&](int layer) { return Remembers(ParameterOf(net, layer)); });
}

std::optional<Obstacle> WhyNotRepeated(const FloatNet& net) {
  return FirstLayer(net, kNotTheSame, [&](int layer) {
    const caffe::LayerParameter& parameter = ParameterOf(net, layer);
    if (Remembers(parameter)) return true;
    // Statistics of the batch go into the running ones.
    return parameter.type() == "BatchNorm" && parameter.batch_norm_param().has_use_global_stats() &&
           !parameter.batch_norm_param().use_global_stats();
  });
}

}  // namespace caffe_node
