#include "training_buffers.h"

#include <algorithm>

namespace caffe_node::onednn {

namespace {

std::int64_t RoundedUp(std::size_t size) {
  constexpr std::size_t kStep = AlignedMemory::kAlignment;
  return static_cast<std::int64_t>((size + kStep - 1) / kStep * kStep);
}

}  // namespace

dnnl::memory TrainingBuffers::Add(const dnnl::memory::desc& layout, int stage) {
  dnnl::memory memory(layout, engine_, DNNL_MEMORY_NONE);
  index_[memory.get()] = buffers_.size();
  buffers_.push_back({memory, RoundedUp(layout.get_size()), stage, stage});
  return memory;
}

void TrainingBuffers::Use(const dnnl::memory& memory, int stage) {
  const auto found = index_.find(memory.get());
  if (found == index_.end()) return;
  Buffer& buffer = buffers_[found->second];
  buffer.last = std::max(buffer.last, stage);
}

void TrainingBuffers::Allocate() {
  arena_ = AlignedMemory(PlaceAll(), "The training plan");
  for (const Buffer& buffer : buffers_) buffer.memory.set_data_handle(arena_.data() + buffer.offset);
}

// The largest first, each at the lowest place that is free while it is needed.
std::int64_t TrainingBuffers::PlaceAll() {
  std::vector<Buffer*> order;
  for (Buffer& buffer : buffers_) order.push_back(&buffer);
  std::stable_sort(order.begin(), order.end(), [](const Buffer* left, const Buffer* right) { return left->size > right->size; });
  std::int64_t total = 0;
  std::vector<const Buffer*> placed;  // by offset
  for (Buffer* const buffer : order) {
    std::int64_t offset = 0;
    for (const Buffer* const other : placed) {
      if (other->last < buffer->first || buffer->last < other->first) continue;
      if (other->offset >= offset + buffer->size) break;
      offset = std::max(offset, other->offset + other->size);
    }
    buffer->offset = offset;
    total = std::max(total, offset + buffer->size);
    const auto after = [](const Buffer* left, const Buffer* right) { return left->offset < right->offset; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), buffer, after), buffer);
  }
  return total;
}

}  // namespace caffe_node::onednn
