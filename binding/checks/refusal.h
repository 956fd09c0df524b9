// What the checks say about a layer that Caffe would take and then crash on.
#ifndef CAFFE_NODE_CHECKS_REFUSAL_H_
#define CAFFE_NODE_CHECKS_REFUSAL_H_

#include <caffe/proto/caffe.pb.h>

#include <cstdint>
#include <limits>
#include <string>

#include "../failure.h"

namespace caffe_node {

// Caffe counts in int, whatever type a field of its messages has.
constexpr std::int64_t kMostInt = std::numeric_limits<int>::max();

// PROTOTXT: "Layer 'conv1' (Convolution) has stride: 0; at least 1 is needed."
Failure Refused(const caffe::LayerParameter& layer, const std::string& given, const std::string& expected,
                const std::string& hint = "");

// SHAPE: "Layer 'tile' (Tile) would …".
Failure Misshapen(const caffe::LayerParameter& layer, const std::string& problem, const std::string& hint = "");

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_REFUSAL_H_
