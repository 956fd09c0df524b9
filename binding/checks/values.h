// Blobs without values: layers divide by the extents of theirs. A Filter that selects nothing hands one on.
#ifndef CAFFE_NODE_CHECKS_VALUES_H_
#define CAFFE_NODE_CHECKS_VALUES_H_

#include <caffe/net.hpp>

namespace caffe_node {

// SHAPE when a bottom of the layer is empty: before it is reshaped, or runs forward.
void RequireBottoms(const caffe::Net<float>& net, int layer);
// SHAPE when one of its tops is: before it runs backward.
void RequireTops(const caffe::Net<float>& net, int layer);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_VALUES_H_
