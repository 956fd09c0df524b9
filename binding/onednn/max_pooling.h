// Maxima of bf16 whose channels lie together (nhwc), several times as fast as oneDNN's.
#ifndef CAFFE_NODE_ONEDNN_MAX_POOLING_H_
#define CAFFE_NODE_ONEDNN_MAX_POOLING_H_

#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

// How windows lie along an axis. Each covers a part of the bottom.
struct PooledAxis {
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t before;  // padding
};

class MaxPooling {
 public:
  static bool Suits(const Description& bottom, const PooledAxis& y, const PooledAxis& x);

  // For what suits. The top lies like the bottom, and so does what else has to do with either.
  MaxPooling(const Shape& bottom, const Shape& top, const PooledAxis& y, const PooledAxis& x)
      : bottom_(bottom), top_(top), y_(y), x_(x) {}

  void Forward(const dnnl::memory& bottom, const dnnl::memory& top) const;
  // Notes for each maximum where in its window it was: at the first of several.
  void ForwardWithPlaces(const dnnl::memory& bottom, const dnnl::memory& top, const dnnl::memory& places) const;
  // From the gradient of the top to that of the bottom.
  void Backward(const dnnl::memory& above, const dnnl::memory& places, const dnnl::memory& below) const;

 private:
  using Bits = std::int16_t;  // of a bf16, or a place

  template <bool kNotes>
  void ForwardAll(const Bits* bottom, Bits* top, Bits* places) const;
  void BackwardPixel(const std::uint16_t* above, const Bits* places, std::int64_t y, std::int64_t x, std::uint16_t* below) const;

  const Shape bottom_;
  const Shape top_;
  const PooledAxis y_;
  const PooledAxis x_;
};

// For what suits.
std::unique_ptr<Operation> MakeMaxPooling(const Description& bottom, const Description& top, const PooledAxis& y,
                                          const PooledAxis& x);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_MAX_POOLING_H_
