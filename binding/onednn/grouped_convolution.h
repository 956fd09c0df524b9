// Convolutions in groups, one group after the other.
#ifndef CAFFE_NODE_ONEDNN_GROUPED_CONVOLUTION_H_
#define CAFFE_NODE_ONEDNN_GROUPED_CONVOLUTION_H_

#include <memory>

#include "convolution_problem.h"
#include "operation.h"

namespace caffe_node::onednn {

// Where one thread is faster by Winograd's algorithm, which oneDNN has not for groups; null where it is not. `problem` is that of
// all groups.
std::unique_ptr<Operation> MakeGroupedConvolution(const OperationRequest& request, const ConvolutionProblem& problem);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_GROUPED_CONVOLUTION_H_
