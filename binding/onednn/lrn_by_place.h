// LRN across the channels of bf16 that lie together (nhwc), several times as fast as oneDNN's.
#ifndef CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_
#define CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_

#include <caffe/proto/caffe.pb.h>

#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

// With the exponent that networks have, which takes roots alone: 0.75.
bool SuitsLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom);

// For what suits.
std::unique_ptr<Operation> MakeLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_
