// Values that a layer uses as indices: labels, words, rows, and the places of maxima. Caffe uses them without looking, or looks
// in debug builds only.
#ifndef CAFFE_NODE_CHECKS_INDICES_H_
#define CAFFE_NODE_CHECKS_INDICES_H_

#include <caffe/net.hpp>

namespace caffe_node {

// Throws INPUT when the layer, run forward or backward, would read or write where it must not.
void CheckIndices(const caffe::Net<float>& net, int layer);

// The same for what the layer's backward pass reads out of its own tops.
void CheckMasks(const caffe::Net<float>& net, int layer);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_INDICES_H_
