// What is done to a graph before operations are made: layers that need no work of their own leave it.
#ifndef CAFFE_NODE_ONEDNN_PASSES_H_
#define CAFFE_NODE_ONEDNN_PASSES_H_

#include "graph.h"

namespace caffe_node::onednn {

// For a net in test phase. Throws UNSUPPORTED for a net whose layers disturb each other in memory that they share: only Caffe
// computes what then comes of it.
void Simplify(Graph* graph);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PASSES_H_
