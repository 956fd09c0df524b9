// Layers that give each channel a factor and a summand (BatchNorm, Scale, Bias) done by the weights and the bias of the layer
// before.
#ifndef CAFFE_NODE_ONEDNN_FOLDING_H_
#define CAFFE_NODE_ONEDNN_FOLDING_H_

#include <vector>

#include "graph.h"

namespace caffe_node::onednn {

// Whether `next`, the only reader of the node's top, can be folded into its weights.
bool CanFold(const Graph& graph, const Node& node, const Node& next);

// Whether layers were folded into the node; they are among node.fused.
bool HasFolded(const Node& node);

// Whether the primitive needs a bias: the layer's own, or for what was folded.
bool HasBias(const Node& node);

struct FoldedWeights {
  std::vector<float> weights;  // in the order of Caffe's blob
  std::vector<float> bias;     // one for each output, whether the layer has a bias or not
};

// From what the parameters are now. Computed with double precision.
FoldedWeights Fold(const Node& node);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_FOLDING_H_
