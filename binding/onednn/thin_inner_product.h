// Fully connected layers for a few items, on Caffe's own weights.
#ifndef CAFFE_NODE_ONEDNN_THIN_INNER_PRODUCT_H_
#define CAFFE_NODE_ONEDNN_THIN_INNER_PRODUCT_H_

#include <cstdint>
#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

// So many items, and of each so many values.
struct ProductExtents {
  std::int64_t items;
  std::int64_t inputs;
  std::int64_t outputs;
};

// Whether it takes no longer than oneDNN's, which wants the weights in another order and so a second time.
bool SuitsThinInnerProduct(const OperationRequest& request, const ProductExtents& extents);
std::unique_ptr<Operation> MakeThinInnerProduct(const OperationRequest& request, const ProductExtents& extents);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_THIN_INNER_PRODUCT_H_
