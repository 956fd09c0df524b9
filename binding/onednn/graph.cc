#include "graph.h"

#include <algorithm>

namespace caffe_node::onednn {

namespace {

class Reader {
 public:
  explicit Reader(FloatNet* net) : current_(net->blobs().size(), kNone) { graph_.net = net; }

  Graph Read(const std::vector<std::string>& wanted) {
    const int layers = static_cast<int>(graph_.net->layers().size());
    for (int layer = 0; layer < layers; ++layer) Add(layer);
    for (const int value : current_) {
      if (value == kNone) continue;
      Value& last = graph_.values[static_cast<std::size_t>(value)];
      last.last = true;
      last.wanted = std::find(wanted.begin(), wanted.end(), last.name) != wanted.end();
      if (last.wanted) graph_.outputs.push_back({value, last.blob});
    }
    return std::move(graph_);
  }

 private:
  void Add(int layer) {
    const auto index = static_cast<std::size_t>(layer);
    FloatLayer* const caffe = graph_.net->layers()[index].get();
    if (graph_.net->bottom_ids(layer).empty()) {
      if (std::string(caffe->type()) != "Input") graph_.sources.push_back(layer);
      return;
    }
    const int node_index = static_cast<int>(graph_.nodes.size());
    Node node;
    node.layer = layer;
    node.caffe = caffe;
    node.type = caffe->type();
    for (const int blob : graph_.net->bottom_ids(layer)) {
      int& value = current_[static_cast<std::size_t>(blob)];
      if (value == kNone) value = NewValue(blob, kNone);
      node.bottoms.push_back(value);
      graph_.values[static_cast<std::size_t>(value)].consumers.push_back(node_index);
    }
    for (const int blob : graph_.net->top_ids(layer)) {
      current_[static_cast<std::size_t>(blob)] = NewValue(blob, node_index);
      node.tops.push_back(current_[static_cast<std::size_t>(blob)]);
    }
    graph_.nodes.push_back(std::move(node));
  }

  int NewValue(int blob, int producer) {
    Value value;
    value.blob = blob;
    value.name = graph_.net->blob_names()[static_cast<std::size_t>(blob)];
    const std::vector<int>& shape = graph_.net->blobs()[static_cast<std::size_t>(blob)]->shape();
    value.shape.assign(shape.begin(), shape.end());
    value.producer = producer;
    graph_.values.push_back(std::move(value));
    return static_cast<int>(graph_.values.size()) - 1;
  }

  Graph graph_;
  std::vector<int> current_;  // by blob: the value that it holds at this layer
};

}  // namespace

void Graph::Link() {
  for (Value& value : values) {
    value.producer = kNone;
    value.consumers.clear();
  }
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (const int bottom : nodes[node].bottoms)
      values[static_cast<std::size_t>(bottom)].consumers.push_back(static_cast<int>(node));
    for (const int top : nodes[node].tops) values[static_cast<std::size_t>(top)].producer = static_cast<int>(node);
  }
}

Graph ReadGraph(FloatNet* net, const std::vector<std::string>& wanted) { return Reader(net).Read(wanted); }

}  // namespace caffe_node::onednn
