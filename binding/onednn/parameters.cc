#include "parameters.h"

#include "../memory_check.h"

namespace caffe_node::onednn {

namespace {

dnnl::memory Allocated(const Description& description, const dnnl::engine& engine) {
  MemoryBudget("A prepared parameter").Spend(BytesOf(description));
  return {description, engine};
}

}  // namespace

PreparedParameter::PreparedParameter(const dnnl::engine& engine, const FloatBlob* blob, const Description& lies,
                                     const Description& wanted)
    : blob_(blob),
      lies_(lies),
      borrowed_(blob != nullptr && lies == wanted),
      memory_(borrowed_ ? dnnl::memory(wanted, engine, nullptr) : Allocated(wanted, engine)) {}

void PreparedParameter::Take(const float* given) {
  // Only read; oneDNN has no memory of constants.
  auto* const values = const_cast<float*>(given);
  if (borrowed_) {
    memory_.set_data_handle(values);
    return;
  }
  dnnl::stream stream(memory_.get_engine());
  dnnl::memory original(lies_, memory_.get_engine(), values);
  dnnl::reorder(original, memory_).execute(stream, original, memory_);
  stream.wait();
}

}  // namespace caffe_node::onednn
