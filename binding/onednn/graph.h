// A loaded net as values and the layers that make them of each other. A blob that layers work on in place is several values, one
// after the other; Caffe's Split layers are there as the net has them.
#ifndef CAFFE_NODE_ONEDNN_GRAPH_H_
#define CAFFE_NODE_ONEDNN_GRAPH_H_

#include <caffe/net.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "../net_plan.h"

namespace caffe_node::onednn {

using FloatBlob = caffe::Blob<float>;
using FloatLayer = caffe::Layer<float>;

constexpr int kNone = -1;

struct Value {
  int blob = kNone;  // of the net
  std::string name;  // of the blob
  std::vector<std::int64_t> shape;
  int producer = kNone;        // a node; none for what the caller or a source puts into the blob before the run
  std::vector<int> consumers;  // nodes, in order; one that takes the value twice is there twice
  bool last = false;           // the blob holds this value after the run
  bool wanted = false;         // by the caller; then it is the last of its blob
};

// A layer whose work is done with that of the node before it: an activation.
struct FusedLayer {
  int layer = kNone;
  FloatLayer* caffe = nullptr;
};

struct Node {
  int layer = kNone;
  FloatLayer* caffe = nullptr;
  std::string type;
  std::vector<int> bottoms;  // values
  std::vector<int> tops;
  std::vector<FusedLayer> fused;  // in order; passes.h puts them here
  bool exact = false;             // the top is kept in float32, whatever the precision (passes.h)
  const caffe::LayerParameter& parameter() const { return caffe->layer_param(); }
};

// What the caller wants after a run: a value, in a blob of the net.
struct Output {
  int value = kNone;
  int blob = kNone;
};

struct Graph {
  FloatNet* net = nullptr;
  std::vector<Value> values;
  std::vector<Node> nodes;   // in the order of the layers; layers without bottoms are none
  std::vector<int> sources;  // layers without bottoms that compute something: data layers, DummyData, Parameter
  std::vector<Output> outputs;

  const Value& ValueAt(int value) const { return values[static_cast<std::size_t>(value)]; }
  // Finds producers and consumers anew, after nodes were taken out.
  void Link();

  FloatBlob& BlobOf(int value) const { return *net->blobs()[static_cast<std::size_t>(ValueAt(value).blob)]; }
};

// The net with the shapes it has now.
Graph ReadGraph(FloatNet* net, const std::vector<std::string>& wanted);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_GRAPH_H_
