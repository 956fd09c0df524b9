// What a layer does in a training plan. Each function here looks at a layer and answers with its operation, or with null where
// the plan has none: then the layer runs in Caffe.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_OPERATION_H_
#define CAFFE_NODE_ONEDNN_TRAINING_OPERATION_H_

#include <memory>

#include "graph.h"
#include "training_draft.h"

namespace caffe_node::onednn {

class TrainingOperation {
 public:
  virtual ~TrainingOperation() = default;
  // Each drafts one stage. Backward is drafted only where the layer takes part in the backward pass.
  virtual void Forward(TrainingDraft* draft) = 0;
  virtual void Backward(TrainingDraft* draft) = 0;
};

using TrainingOperationPtr = std::unique_ptr<TrainingOperation>;

// The layer as the net goes through it.
struct TrainedNode {
  const Graph* graph;
  int index;
  const Node& node() const { return graph->nodes[static_cast<std::size_t>(index)]; }
  const Value& bottom(std::size_t i) const { return graph->ValueAt(node().bottoms[i]); }
  const Value& top(std::size_t i) const { return graph->ValueAt(node().tops[i]); }
  bool GoesBackward() const { return graph->net->layer_need_backward()[static_cast<std::size_t>(node().layer)]; }
  bool GoesBackwardTo(std::size_t bottom) const {
    return graph->net->bottom_need_backward()[static_cast<std::size_t>(node().layer)][bottom];
  }
  bool Learns(int parameter) const { return node().caffe->param_propagate_down(parameter); }
};

float ReluSlope(const Node& relu);
// Whether the concatenation above computes the ReLU.
bool IsLeftToConcat(const TrainingDraft& draft, const TrainedNode& relu);
// Whether the pooling above computes the gradient of the ReLU: a maximum that the ReLU let pass says so itself, and the gradients
// of the maxima are far fewer than those of all values.
bool IsLeftToPooling(const TrainingDraft& draft, const TrainedNode& relu);

TrainingOperationPtr TrainConvolution(const TrainedNode& node);
TrainingOperationPtr TrainInnerProduct(const TrainedNode& node);
TrainingOperationPtr TrainPooling(const TrainedNode& node);
TrainingOperationPtr TrainLrn(const TrainedNode& node);
TrainingOperationPtr TrainRelu(const TrainedNode& node);
TrainingOperationPtr TrainConcat(const TrainedNode& node);
TrainingOperationPtr TrainEltwise(const TrainedNode& node);
TrainingOperationPtr TrainSplit(const TrainedNode& node);
// Any layer. Adds its part of the loss to `loss`.
TrainingOperationPtr TrainInCaffe(const TrainedNode& node, float* loss);
// A layer without bottoms, whose values lie in Caffe's blobs from the start.
TrainingOperationPtr TrainSource(FloatNet* net, int layer, float* loss);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_OPERATION_H_
