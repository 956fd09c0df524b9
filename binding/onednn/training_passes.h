// The primitives of a convolution that is trained: what oneDNN has for its three passes. Chosen by rule, not by trial: what is
// chosen decides about the last bits of the gradients, and a training that is taken up again has to go on as it would have.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_PASSES_H_
#define CAFFE_NODE_ONEDNN_TRAINING_PASSES_H_

#include <utility>
#include <vector>

#include "convolution_window.h"
#include "training_operation.h"

namespace caffe_node::onednn {

using ForwardPass = dnnl::convolution_forward::primitive_desc;
using DataPass = dnnl::convolution_backward_data::primitive_desc;
using WeightsPass = dnnl::convolution_backward_weights::primitive_desc;

struct TrainedShapes {
  Shape bottom;
  Shape weights;  // with groups these have an axis in front
  Shape top;
  Window window;
  bool with_bias;
};

// Whether Winograd's algorithm would do for each of several groups, but not for all of them at once, as oneDNN has it.
bool GainsByGroups(const TrainedShapes& all, DataType type);

class ConvolutionPasses {
 public:
  // Where `backward` is false only Forward is asked for.
  ConvolutionPasses(TrainedShapes shapes, const TrainingDraft* draft, bool backward)
      : shapes_(std::move(shapes)), draft_(draft), backward_(backward) {}

  // With an activation, which Winograd's algorithm leaves out: there it turns NaN into zero.
  ForwardPass Forward(const dnnl::post_ops& activation) const;
  DataPass ToData() const;
  WeightsPass ToWeights() const;

 private:
  // What a convolution may be asked to read and to write, the best first: in blocks, which its neighbours use as well, or as it
  // likes best itself.
  struct Ends {
    Description source;
    Description result;
  };
  std::vector<Ends> Layouts() const;
  Description AnyWeights(DataType type) const { return Any(shapes_.weights, type); }
  Description Bias() const { return shapes_.with_bias ? Plain({shapes_.top[1]}) : Description(); }
  ForwardPass Hint(dnnl::algorithm algorithm, const Ends& ends) const;
  template <typename Primitive, typename Make>
  Primitive Choose(const Make& make) const;

  const TrainedShapes shapes_;
  const TrainingDraft* const draft_;
  const bool backward_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_PASSES_H_
