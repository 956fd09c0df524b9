// Where the buffers of a plan lie: two that are never needed at the same time may share their bytes.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_
#define CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_

#include <cstddef>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

namespace caffe_node::onednn {

class TrainingBuffers {
 public:
  explicit TrainingBuffers(const dnnl::engine& engine) : engine_(engine) {}

  // A buffer that is needed at `stage` and, as far as Use is told, later.
  dnnl::memory Add(const dnnl::memory::desc& layout, int stage);
  // The memory is needed at `stage`; nothing happens for memory that is not from here.
  void Use(const dnnl::memory& memory, int stage);
  // Gives all buffers their place. Throws SHAPE, naming `what`, where memory does not suffice.
  void Allocate(const std::string& what);
  std::size_t bytes() const { return bytes_; }

 private:
  struct Buffer {
    dnnl::memory memory;
    std::size_t size;
    int first;  // stages
    int last;
    std::size_t offset = 0;
  };
  std::size_t PlaceAll();

  dnnl::engine engine_;
  std::vector<Buffer> buffers_;
  std::unordered_map<dnnl_memory_t, std::size_t> index_;
  std::unique_ptr<char[]> bytes_owner_;
  std::size_t bytes_ = 0;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_BUFFERS_H_
