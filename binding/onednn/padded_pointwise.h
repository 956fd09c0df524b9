// A convolution with a kernel of 1 and padding around its bottom, as SqueezeNet ends with: oneDNN has no fast one. The padding
// makes a border that is the same everywhere, so the convolution is computed without it, and framed.
#ifndef CAFFE_NODE_ONEDNN_PADDED_POINTWISE_H_
#define CAFFE_NODE_ONEDNN_PADDED_POINTWISE_H_

#include <memory>

#include "convolution_problem.h"
#include "operation.h"

namespace caffe_node::onednn {

bool IsPaddedPointwise(const ConvolutionProblem& problem);

std::unique_ptr<Operation> MakePaddedPointwise(const OperationRequest& request, const ConvolutionProblem& problem);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PADDED_POINTWISE_H_
