// What a network's text can say and Caffe does not check, before Caffe sees it: what concerns a network as a whole. The fields of
// a layer are looked at when it is made (creation.h), so that layers of another phase may say what they like.
#ifndef CAFFE_NODE_CHECKS_NETWORK_H_
#define CAFFE_NODE_CHECKS_NETWORK_H_

#include <caffe/proto/caffe.pb.h>

namespace caffe_node {

// Before the upgrade: Caffe reads as many shapes as there are inputs.
void CheckInputFields(const caffe::NetParameter& net);

// After it: layers that would write beyond their memory when they work in place, and lists of the wrong length.
void CheckNet(const caffe::NetParameter& net);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_NETWORK_H_
