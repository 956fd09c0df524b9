#include "training_buffers.h"

#include <algorithm>
#include <numeric>

#include "../memory_check.h"

namespace caffe_node::onednn {

namespace {

// Pages: no two buffers share one, and every buffer is aligned for any instruction.
constexpr std::size_t kAlignment = 4096;

std::size_t Aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

dnnl::memory TrainingBuffers::Add(const dnnl::memory::desc& layout, int stage) {
  dnnl::memory memory(layout, engine_, DNNL_MEMORY_NONE);
  index_[memory.get()] = buffers_.size();
  buffers_.push_back({memory, Aligned(layout.get_size()), stage, stage});
  return memory;
}

void TrainingBuffers::Use(const dnnl::memory& memory, int stage) {
  const auto found = index_.find(memory.get());
  if (found == index_.end()) return;
  Buffer& buffer = buffers_[found->second];
  buffer.last = std::max(buffer.last, stage);
}

void TrainingBuffers::Allocate(const std::string& what) {
  bytes_ = PlaceAll();
  MemoryBudget(what).Spend(static_cast<std::int64_t>(bytes_));
  bytes_owner_.reset(new char[bytes_ + kAlignment]);
  const auto address = reinterpret_cast<std::uintptr_t>(bytes_owner_.get());
  char* const base = bytes_owner_.get() + (Aligned(address) - address);
  for (const Buffer& buffer : buffers_) buffer.memory.set_data_handle(base + buffer.offset);
}

// The largest first, each at the lowest place that is free while it is needed.
std::size_t TrainingBuffers::PlaceAll() {
  std::vector<Buffer*> order;
  for (Buffer& buffer : buffers_) order.push_back(&buffer);
  std::stable_sort(order.begin(), order.end(), [](const Buffer* left, const Buffer* right) { return left->size > right->size; });
  std::size_t total = 0;
  std::vector<const Buffer*> placed;  // by offset
  for (Buffer* const buffer : order) {
    std::size_t offset = 0;
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
