// Scale and Bias whose factors or summands are a second bottom.
#ifndef CAFFE_NODE_ONEDNN_BROADCAST_H_
#define CAFFE_NODE_ONEDNN_BROADCAST_H_

#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

// The second bottom is applied to the first from this axis on; one below 0 counts from the end.
std::unique_ptr<Operation> MakeBroadcast(const OperationRequest& request, dnnl::algorithm algorithm, int axis);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_BROADCAST_H_
