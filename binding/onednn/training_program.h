// A net as a list of stages over memory of its own, ready to run: what a training plan is inside.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_PROGRAM_H_
#define CAFFE_NODE_ONEDNN_TRAINING_PROGRAM_H_

#include <memory>
#include <vector>

#include "training_operation.h"

namespace caffe_node::onednn {

struct TrainingProgram {
  explicit TrainingProgram(Precision precision) : buffers(context.engine) { context.precision = precision; }
  Context context;
  dnnl::stream stream{context.engine};
  Graph graph;
  TrainingBuffers buffers;
  std::vector<TrainingStage> stages;
  float loss = 0;  // of the run in progress, as far as it has come
  // Whether the run in progress adds its gradients to what the diffs hold. Where it does not, the first layer back that has a
  // gradient of a parameter replaces that; the other diffs have to be cleared.
  bool adds = true;
  std::vector<FloatBlob*> cleared;
};

// For the shapes that the net has now. Throws UNSUPPORTED or SHAPE.
std::unique_ptr<TrainingProgram> BuildTrainingProgram(FloatNet* net, const PlanSettings& settings);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_PROGRAM_H_
