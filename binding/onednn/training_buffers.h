// Where the buffers of a plan lie: two that are never needed at the same time may share their bytes.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_
#define CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_

#include <cstddef>
#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "aligned_memory.h"

namespace caffe_node::onednn {

class TrainingBuffers {
 public:
  explicit TrainingBuffers(const dnnl::engine& engine) : engine_(engine) {}

  // A buffer that is needed at `stage` and, as far as Use is told, later.
  dnnl::memory Add(const dnnl::memory::desc& layout, int stage);
  // The memory is needed at `stage`; nothing happens for memory that is not from here.
  void Use(const dnnl::memory& memory, int stage);
  // Gives all buffers their place. Throws SHAPE where memory does not suffice.
  void Allocate();
  std::int64_t bytes() const { return arena_.bytes(); }

 private:
  struct Buffer {
    dnnl::memory memory;
    std::int64_t size;
    int first;  // stages
    int last;
    std::int64_t offset = 0;
  };
  std::int64_t PlaceAll();

  dnnl::engine engine_;
  std::vector<Buffer> buffers_;
  std::unordered_map<dnnl_memory_t, std::size_t> index_;
  AlignedMemory arena_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_
