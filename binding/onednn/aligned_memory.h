// Memory of a plan's own, aligned for vector instructions.
#ifndef CAFFE_NODE_ONEDNN_ALIGNED_MEMORY_H_
#define CAFFE_NODE_ONEDNN_ALIGNED_MEMORY_H_

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "../memory_check.h"

namespace caffe_node::onednn {

class AlignedMemory {
 public:
  AlignedMemory() = default;
  // Throws SHAPE where there is not as much.
  AlignedMemory(std::int64_t bytes, const char* what) : bytes_(bytes) {
    if (bytes == 0) return;
    MemoryBudget(what).Spend(bytes);
    const auto rounded = (static_cast<std::size_t>(bytes) + kAlignment - 1) / kAlignment * kAlignment;
    data_.reset(static_cast<char*>(std::aligned_alloc(kAlignment, rounded)));
    if (!data_) throw NotEnoughMemory(std::string(what) + " needs " + ByteText(bytes), AvailableMemory());
  }
  char* data() const { return data_.get(); }
  std::int64_t bytes() const { return bytes_; }

  static constexpr std::size_t kAlignment = 64;

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };
  std::unique_ptr<char, Free> data_;
  std::int64_t bytes_ = 0;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_ALIGNED_MEMORY_H_
