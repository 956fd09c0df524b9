// Weights inside the description of a network, as a .caffemodel used as a model has them. Caffe takes them as they are, and its
// layers read and write beyond those that are too small.
#ifndef CAFFE_NODE_CHECKS_INITIAL_WEIGHTS_H_
#define CAFFE_NODE_CHECKS_INITIAL_WEIGHTS_H_

#include <caffe/net.hpp>

namespace caffe_node {

// The network without the weights in it: to build the net from.
caffe::NetParameter WithoutWeights(const caffe::NetParameter& param);

// Puts the weights in `param` into the net that was built from it. WEIGHTS when they do not fit.
void PutWeights(const caffe::NetParameter& param, caffe::Net<float>* net);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_INITIAL_WEIGHTS_H_
