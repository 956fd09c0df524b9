// How the windows of Convolution and Deconvolution lie, by spatial axis, as oneDNN wants to know it.
#ifndef CAFFE_NODE_ONEDNN_CONVOLUTION_WINDOW_H_
#define CAFFE_NODE_ONEDNN_CONVOLUTION_WINDOW_H_

#include <caffe/proto/caffe.pb.h>

#include "description.h"
#include "graph.h"

namespace caffe_node::onednn {

struct Window {
  Shape strides;
  Shape padding;
  Shape dilations;  // beyond 1: oneDNN counts what lies between
};

Window WindowOf(const caffe::ConvolutionParameter& fields, std::size_t axes);

// Throws a Refusal for a layer that is no convolution of one bottom over one to three axes behind the channels.
void RequireConvolvable(const Node& node, const Shape& bottom);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_CONVOLUTION_WINDOW_H_
