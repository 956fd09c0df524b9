// Values brought into another format or type, or to another place.
#ifndef CAFFE_NODE_ONEDNN_REORDER_H_
#define CAFFE_NODE_ONEDNN_REORDER_H_

#include <vector>

#include "operation.h"

namespace caffe_node::onednn {

class Reorder final : public PrimitiveOperation {
 public:
  Reorder(const Context& context, const Description& from, const Description& to);

 private:
  explicit Reorder(const dnnl::reorder::primitive_desc& primitive);
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_REORDER_H_
