// A parameter of a layer in the format and type that a primitive wants, in memory of its own; Caffe's blob stays as it is.
#ifndef CAFFE_NODE_ONEDNN_PARAMETERS_H_
#define CAFFE_NODE_ONEDNN_PARAMETERS_H_

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>

#include "description.h"
#include "graph.h"

namespace caffe_node::onednn {

class PreparedParameter {
 public:
  // `lies` is how the values of the blob lie, with the extents that the primitive knows. Where that is as wanted, Caffe's own
  // memory is used. Without a blob, values are given to Take. Throws SHAPE where memory does not suffice.
  PreparedParameter(const dnnl::engine& engine, const FloatBlob* blob, const Description& lies, const Description& wanted);

  const dnnl::memory& memory() const { return memory_; }
  std::int64_t Bytes() const { return borrowed_ ? 0 : BytesOf(memory_.get_desc()); }
  // Null where the values are copied.
  const FloatBlob* borrowed() const { return borrowed_ ? blob_ : nullptr; }
  // Takes up the values that the blob holds now.
  void Take() { Take(blob_->cpu_data()); }
  // Takes up other values in their place, which lie as they would.
  void Take(const float* values);

 private:
  const FloatBlob* const blob_;
  const Description lies_;
  const bool borrowed_;
  dnnl::memory memory_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PARAMETERS_H_
