#include "blob_memory.h"

#include <boost/make_shared.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace caffe_node {

namespace {

// Caffe keeps these protected, though who shares memory between nets needs them; a class of our own may name them.
struct Access : FloatBlob {
  static BlobMemory& Memory(FloatBlob& blob, Part part) {
    return part == Part::kData ? blob.*(&Access::data_) : blob.*(&Access::diff_);
  }
  static const BlobMemory& Memory(const FloatBlob& blob, Part part) {
    return part == Part::kData ? blob.*(&Access::data_) : blob.*(&Access::diff_);
  }
  static int& Capacity(FloatBlob& blob) { return blob.*(&Access::capacity_); }
  static int Capacity(const FloatBlob& blob) { return blob.*(&Access::capacity_); }
};

// Caffe's memory is filled with zeros before it is filled with values; this is not.
class OwnedMemory {
 public:
  explicit OwnedMemory(std::size_t bytes) : values_(std::malloc(bytes), &std::free), memory_(bytes) {
    if (!values_) throw std::bad_alloc();
    memory_.set_cpu_data(values_.get());
  }
  caffe::SyncedMemory* memory() { return &memory_; }
  void* values() { return values_.get(); }

 private:
  std::unique_ptr<void, decltype(&std::free)> values_;
  caffe::SyncedMemory memory_;
};

}  // namespace

const BlobMemory& MemoryOf(const FloatBlob& blob, Part part) { return Access::Memory(blob, part); }

std::int64_t HeldBytes(const BlobMemory& memory) {
  if (!memory || memory->head() == caffe::SyncedMemory::UNINITIALIZED) return 0;
  return static_cast<std::int64_t>(memory->size());
}

std::int64_t UntouchedBytes(const BlobMemory& memory) {
  if (!memory || memory->head() != caffe::SyncedMemory::UNINITIALIZED) return 0;
  return static_cast<std::int64_t>(memory->size());
}

BlobMemory CopyToMemory(const float* values, std::size_t count) {
  const std::size_t bytes = count * sizeof(float);
  if (bytes == 0) return BlobMemory();
  const auto owned = boost::make_shared<OwnedMemory>(bytes);
  std::memcpy(owned->values(), values, bytes);
  return BlobMemory(owned, owned->memory());
}

void FitMemory(FloatBlob* blob) {
  const std::size_t bytes = static_cast<std::size_t>(blob->count()) * sizeof(float);
  for (const Part part : {Part::kData, Part::kDiff}) {
    BlobMemory& memory = Access::Memory(*blob, part);
    if (bytes > (memory ? memory->size() : 0)) memory = boost::make_shared<caffe::SyncedMemory>(bytes);
  }
}

void PutValues(const BlobMemory& values, Part part, FloatBlob* blob) {
  if (!values) return;
  FitMemory(blob);
  BlobMemory& own = Access::Memory(*blob, part);
  // The size must be the same to the byte: Caffe grows a blob within its capacity without asking for memory.
  if (own.use_count() == 1 && own->size() == values->size()) {
    own = values;
    return;
  }
  float* const target = part == Part::kData ? blob->mutable_cpu_data() : blob->mutable_cpu_diff();
  std::memcpy(target, values->cpu_data(), values->size());
}

void UseMemory(const BlobMemory& memory, Part part, FloatBlob* blob) { Access::Memory(*blob, part) = memory; }

void FreeValues(FloatBlob* blob) {
  BlobMemory& memory = Access::Memory(*blob, Part::kData);
  if (memory) memory = boost::make_shared<caffe::SyncedMemory>(memory->size());
}

SavedBlob::SavedBlob(const FloatBlob& blob)
    : shape_(blob.shape()),
      data_(MemoryOf(blob, Part::kData)),
      diff_(MemoryOf(blob, Part::kDiff)),
      capacity_(Access::Capacity(blob)) {}

void SavedBlob::Restore(FloatBlob* blob) const {
  blob->Reshape(shape_);
  Access::Memory(*blob, Part::kData) = data_;
  Access::Memory(*blob, Part::kDiff) = diff_;
  Access::Capacity(*blob) = capacity_;
  FitMemory(blob);  // a blob that never had a shape comes back as a single value
}

void ShrinkTo(const std::vector<int>& shape, FloatBlob* blob) {
  blob->Reshape(shape);
  const auto bytes = static_cast<std::int64_t>(blob->count()) * static_cast<std::int64_t>(sizeof(float));
  if (UntouchedBytes(MemoryOf(*blob, Part::kData)) <= bytes) return;
  // From nothing, so that Caffe asks for as much as the shape takes.
  Access::Capacity(*blob) = 0;
  blob->Reshape(shape);
}

}  // namespace caffe_node
