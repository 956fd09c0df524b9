// What a failed CHECK of Caffe most likely means for the caller: the hint, and the layer and blob that its text names.
#ifndef CAFFE_NODE_DIAGNOSIS_H_
#define CAFFE_NODE_DIAGNOSIS_H_

#include <string>

#include "failure.h"

namespace caffe_node {

// The original text stays the message.
Failure Diagnose(const std::string& text, const std::string& file, int line);

}  // namespace caffe_node

#endif  // CAFFE_NODE_DIAGNOSIS_H_
