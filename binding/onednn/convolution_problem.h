// A convolution for oneDNN: what is to be computed, and by which of its algorithms.
#ifndef CAFFE_NODE_ONEDNN_CONVOLUTION_PROBLEM_H_
#define CAFFE_NODE_ONEDNN_CONVOLUTION_PROBLEM_H_

#include "convolution_window.h"
#include "description.h"
#include "tuning.h"

namespace caffe_node::onednn {

using ConvolutionDescriptor = dnnl::convolution_forward::primitive_desc;

struct ConvolutionProblem {
  Shape bottom;
  Shape weights;
  Shape top;
  Window window;
  bool with_bias = false;
  DataType type = DataType::f32;  // of bottom and weights
  DataType top_type = DataType::f32;
  dnnl::post_ops fused;
};

// How it best finds its bottom.
Description BottomOf(const ConvolutionProblem& problem);

// Empty where the plan's own Winograd (winograd_convolution.h) is the fastest; that is none for a kernel of 1. Throws a Refusal
// where there is none but a reference implementation.
ConvolutionDescriptor FastestConvolution(const ConvolutionProblem& problem, const dnnl::engine& engine, Tuning* tuning);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_CONVOLUTION_PROBLEM_H_
