// The memory of Caffe's blobs: what it holds by now, what it will take, and how one blob is given another's.
#ifndef CAFFE_NODE_BLOB_MEMORY_H_
#define CAFFE_NODE_BLOB_MEMORY_H_

#include <boost/shared_ptr.hpp>
#include <caffe/blob.hpp>
#include <caffe/syncedmem.hpp>
#include <cstdint>
#include <vector>

namespace caffe_node {

using FloatBlob = caffe::Blob<float>;
using BlobMemory = boost::shared_ptr<caffe::SyncedMemory>;

enum class Part { kData, kDiff };

// The memory of a part; null for a blob that never had a shape.
const BlobMemory& MemoryOf(const FloatBlob& blob, Part part);
// Bytes that a memory holds: none until it is first touched.
std::int64_t HeldBytes(const BlobMemory& memory);
// Bytes that touching it will take.
std::int64_t UntouchedBytes(const BlobMemory& memory);

// A copy of values, as memory that a blob can take over.
BlobMemory CopyToMemory(const float* values, std::size_t count);

// Puts the values into the blob, which has as many. The memory itself becomes the blob's where nobody can tell the difference:
// where no view of JavaScript and no other blob looks at the memory it has. Otherwise the values are copied.
void PutValues(const BlobMemory& values, Part part, FloatBlob* blob);

// Makes `blob` use memory of its own size that others use, too.
void UseMemory(const BlobMemory& memory, Part part, FloatBlob* blob);

// Lets go of the memory of a blob's values, for memory that is not touched before it is used. Who shares it keeps it.
void FreeValues(FloatBlob* blob);

// Shape and memory of a blob, to go back to.
class SavedBlob {
 public:
  explicit SavedBlob(const FloatBlob& blob);
  void Restore(FloatBlob* blob) const;
  const std::vector<int>& shape() const { return shape_; }

 private:
  std::vector<int> shape_;
  BlobMemory data_;
  BlobMemory diff_;
  int capacity_;
};

// Gives a blob memory of its own where what it shares is too small for its shape: Caffe goes by the capacity that it had before
// it shared. To be called after a reshape, before anybody reads or writes.
void FitMemory(FloatBlob* blob);

// Gives a blob its former shape, and lets go of memory that a greater shape reserved but nobody touched.
void ShrinkTo(const std::vector<int>& shape, FloatBlob* blob);

}  // namespace caffe_node

#endif  // CAFFE_NODE_BLOB_MEMORY_H_
