// The tensors of a plan and where they lie: in an arena, which those share that are not needed at the same time; in the memory
// of others; or in Caffe's blobs.
#ifndef CAFFE_NODE_ONEDNN_TENSORS_H_
#define CAFFE_NODE_ONEDNN_TENSORS_H_

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "aligned_memory.h"
#include "description.h"
#include "graph.h"

namespace caffe_node::onednn {

class Tensors {
 public:
  explicit Tensors(FloatNet* net) : net_(net) {}

  int Add(const Description& description);
  int AddInBlob(const Shape& shape, int blob);
  // A tensor within another. Of a batch that is cut, each part lies `stride` bytes behind the one before.
  int AddInside(const Description& description, int host, std::int64_t offset, std::int64_t stride = 0);

  const Description& description(int tensor) const { return At(tensor).description; }
  // The net's blob that the tensor lies in; kNone for none.
  int BlobOf(int tensor) const { return At(Root(tensor)).blob; }
  // Moves a tensor, with all that shares its memory, into another; false where it cannot move.
  bool MoveInside(int tensor, int host, std::int64_t offset, std::int64_t stride = 0);
  // Moves it into a blob.
  bool MoveIntoBlob(int tensor, int blob);
  // Lets `later` take over the memory of `former`, where nobody reads that after `step`.
  void Overwrite(int former, int later, int step);

  // The tensor is written or read in this step.
  void Use(int tensor, int step);
  // All are used as far as they will be: finds their places. At the steps before `repeated` several work, at a part of the batch
  // each, with memory of their own for what is needed nowhere else. Throws SHAPE where memory does not suffice.
  void Place(const dnnl::engine& engine, int repeated, int workers);
  const dnnl::memory& memory(int tensor, int worker) const { return At(tensor).memory[static_cast<std::size_t>(worker)]; }
  // The part of the batch that the next steps of this worker are about.
  void Turn(int worker, std::int64_t part);
  // Before a step: takes up the address that a tensor in a blob has now.
  void Refresh(int tensor, bool to_write);

  std::int64_t Bytes() const;

 private:
  struct Tensor {
    Description description;
    int blob = kNone;
    int host = kNone;
    std::int64_t offset = 0;  // in the host, or in the arena
    std::int64_t stride = 0;  // in the host, from part to part
    int first = kNone;        // steps
    int last = kNone;
    bool per_worker = false;           // each worker has one in its own arena
    char* in_blob = nullptr;           // the address of the blob
    std::vector<dnnl::memory> memory;  // by worker
  };
  // What one of those has who work at parts of the batch.
  struct Worker {
    AlignedMemory arena;
    std::int64_t part = 0;
  };
  Tensor& At(int tensor) { return tensors_[static_cast<std::size_t>(tensor)]; }
  const Tensor& At(int tensor) const { return tensors_[static_cast<std::size_t>(tensor)]; }
  int Root(int tensor) const;
  std::int64_t OffsetInRoot(int tensor, std::int64_t part) const;
  bool Turns(int tensor) const;
  char* AddressOf(int tensor, const Worker& worker) const;
  // Whether the memory that a tensor is in is all its own, in the arena, and can be moved.
  bool IsMovable(int tensor) const;
  // Gives those their places in an arena that have no other. Returns its size.
  std::int64_t LayOut(bool per_worker);

  FloatNet* const net_;
  std::vector<Tensor> tensors_;
  std::vector<int> turning_;  // tensors whose address depends on the part
  AlignedMemory arena_;
  std::vector<Worker> workers_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TENSORS_H_
