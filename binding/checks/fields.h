// Checks of what the fields of one layer say, as far as that needs no shapes.
#ifndef CAFFE_NODE_CHECKS_FIELDS_H_
#define CAFFE_NODE_CHECKS_FIELDS_H_

#include <caffe/proto/caffe.pb.h>

namespace caffe_node {

// Refuses (PROTOTXT) what Caffe accepts and then crashes on, hangs in, or computes nonsense from.
void CheckFields(const caffe::LayerParameter& layer);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_FIELDS_H_
