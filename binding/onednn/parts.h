// How a batch is cut: layers that treat each image by itself run over a part of the batch at a time, so that what goes from layer
// to layer stays in the caches, and a concatenation of one image can be written in place. What follows (the fully connected
// layers, whose weights should be read once) runs over the whole batch.
#ifndef CAFFE_NODE_ONEDNN_PARTS_H_
#define CAFFE_NODE_ONEDNN_PARTS_H_

#include <cstdint>
#include <set>
#include <vector>

#include "graph.h"

namespace caffe_node::onednn {

struct Parts {
  std::int64_t count = 1;      // of which the batch consists; 1: nothing is cut
  std::vector<bool> cut_node;  // by node
  std::vector<bool> cut_value;
};

// `whole`: layers that cannot be cut, beside those of which this is known.
Parts CutBatch(const Graph& graph, const std::set<int>& whole);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PARTS_H_
