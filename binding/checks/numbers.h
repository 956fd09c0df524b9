// Checks that hold for the fields of every layer type, found by protobuf's reflection.
#ifndef CAFFE_NODE_CHECKS_NUMBERS_H_
#define CAFFE_NODE_CHECKS_NUMBERS_H_

#include <caffe/proto/caffe.pb.h>

namespace caffe_node {

// Refuses numbers that become negative in Caffe's int, and fillers that would draw for ever.
void CheckNumbers(const caffe::LayerParameter& layer);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_NUMBERS_H_
