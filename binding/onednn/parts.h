// How a batch is cut: layers that treat each image by itself run over a part of the batch at a time, so that what goes from layer
// to layer stays in the caches, and a concatenation of one image can be written in place. What follows (the fully connected
// layers, whose weights should be read once) runs over the whole batch. Where the parts come out evenly, each thread has parts of
// its own: threads that need not wait for each other after each layer are faster.
#ifndef CAFFE_NODE_ONEDNN_PARTS_H_
#define CAFFE_NODE_ONEDNN_PARTS_H_

#include <cstdint>
#include <set>
#include <vector>

#include "graph.h"

namespace caffe_node::onednn {

struct Parts {
  std::int64_t count = 1;      // of which the batch consists; 1: nothing is cut
  int workers = 1;             // so many threads take parts, one each at a time; one: all threads are at each part together
  std::vector<bool> cut_node;  // by node
  std::vector<bool> cut_value;
};

// `whole`: layers that cannot be cut, beside those of which this is known.
Parts CutBatch(const Graph& graph, const std::set<int>& whole, int threads);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PARTS_H_
