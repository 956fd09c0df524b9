// The tensors of a plan and where they lie: in one arena, which those share that are not needed at the same time; in the memory
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
  // All are used as far as they will be: finds their places. Throws SHAPE where memory does not suffice.
  void Place(const dnnl::engine& engine);
  const dnnl::memory& memory(int tensor) const { return At(tensor).memory; }
  // The part of the batch that the next steps are about.
  void Turn(std::int64_t part);
  // Before a step: takes up the address that a tensor in a blob has now.
  void Refresh(int tensor, bool to_write);

  std::int64_t Bytes() const { return arena_.bytes(); }

 private:
  struct Tensor {
    Description description;
    int blob = kNone;
    int host = kNone;
    std::int64_t offset = 0;  // in the host, or in the arena
    std::int64_t stride = 0;  // in the host, from part to part
    int first = kNone;        // steps
    int last = kNone;
    dnnl::memory memory;
  };
  Tensor& At(int tensor) { return tensors_[static_cast<std::size_t>(tensor)]; }
  const Tensor& At(int tensor) const { return tensors_[static_cast<std::size_t>(tensor)]; }
  int Root(int tensor) const;
  std::int64_t OffsetInRoot(int tensor) const;
  bool Turns(int tensor) const;
  char* AddressInArena(int tensor) const;
  // Whether the memory that a tensor is in is all its own, in the arena, and can be moved.
  bool IsMovable(int tensor) const;
  std::int64_t LayOut();

  FloatNet* const net_;
  std::vector<Tensor> tensors_;
  std::vector<int> turning_;  // tensors in the arena whose address depends on the part
  std::int64_t part_ = 0;
  AlignedMemory arena_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TENSORS_H_
