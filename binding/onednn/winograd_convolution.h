// Convolutions by the plan's own Winograd (winograd.h).
#ifndef CAFFE_NODE_ONEDNN_WINOGRAD_CONVOLUTION_H_
#define CAFFE_NODE_ONEDNN_WINOGRAD_CONVOLUTION_H_

#include <functional>
#include <memory>

#include "convolution_problem.h"
#include "operation.h"

namespace caffe_node::onednn {

// Whether it can be computed so, with what is fused.
bool SuitsWinograd(const ConvolutionProblem& problem);

// For a problem that suits, as is the following.
std::unique_ptr<Operation> MakeWinogradConvolution(const OperationRequest& request, const ConvolutionProblem& problem);

// Runs it once on memory of no content, and returns the ms that it took. Throws SHAPE where memory does not suffice.
std::function<double()> TrialOfWinograd(const ConvolutionProblem& problem);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_WINOGRAD_CONVOLUTION_H_
