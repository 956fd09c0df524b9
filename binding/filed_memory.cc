#include "filed_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <boost/make_shared.hpp>
#include <cerrno>

namespace caffe_node {

namespace {

// A file that is gone when it is closed, or when the process ends, however.
class NamelessFile {
 public:
  explicit NamelessFile(const std::string& folder) {
    std::string path = folder + "/parameters-XXXXXX";
    descriptor_ = mkostemp(path.data(), O_CLOEXEC);
    if (descriptor_ >= 0) unlink(path.c_str());
  }
  ~NamelessFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;

  // Written, not mapped and filled: a full disk is told of here, and not by a signal later.
  bool Write(const char* bytes, std::size_t size) const {
    while (size > 0) {
      const ssize_t written = write(descriptor_, bytes, size);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) return false;
      bytes += written;
      size -= static_cast<std::size_t>(written);
    }
    return true;
  }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// What a file holds, as memory of a blob.
class Mapping {
 public:
  Mapping(void* values, std::size_t bytes) : values_(values), memory_(bytes) { memory_.set_cpu_data(values); }
  ~Mapping() { munmap(values_, memory_.size()); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  caffe::SyncedMemory* memory() { return &memory_; }

 private:
  void* const values_;
  caffe::SyncedMemory memory_;
};

// Null where it cannot be had.
BlobMemory InFile(const BlobMemory& memory, const std::string& folder) {
  const NamelessFile file(folder);
  if (file.descriptor() < 0) return nullptr;
  if (!file.Write(static_cast<const char*>(memory->cpu_data()), memory->size())) return nullptr;
  void* const values = mmap(nullptr, memory->size(), PROT_READ | PROT_WRITE, MAP_SHARED, file.descriptor(), 0);
  if (values == MAP_FAILED) return nullptr;
  const auto mapping = boost::make_shared<Mapping>(values, memory->size());
  return BlobMemory(mapping, mapping->memory());
}

}  // namespace

void FiledMemory::Move(FloatBlob* blob) {
  constexpr std::size_t kLarge = std::size_t{1} << 20;
  const BlobMemory& memory = MemoryOf(*blob, Part::kData);
  if (folder_.empty() || !memory || memory->size() < kLarge) return;
  if (filed_[blob].lock() == memory) {
    // A shared mapping: what was written is in the file.
    madvise(memory->mutable_cpu_data(), memory->size(), MADV_DONTNEED);
    return;
  }
  if (memory.use_count() > 1) return;
  const BlobMemory filed = InFile(memory, folder_);
  if (!filed) return;
  UseMemory(filed, Part::kData, blob);
  filed_[blob] = filed;
}

}  // namespace caffe_node
