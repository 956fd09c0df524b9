// LRN across the channels of bf16 that lie together (nhwc), several times as fast as oneDNN's.
#ifndef CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_
#define CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_

#include <caffe/proto/caffe.pb.h>

#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

class LrnByPlace {
 public:
  // With the exponent that networks have, which takes roots alone: 0.75.
  static bool Suits(const caffe::LRNParameter& fields, const Description& images);

  // For what suits; to be run by so many threads.
  LrnByPlace(const caffe::LRNParameter& fields, const Description& images, int threads);

  // All memory but the scratch memory lies as the images do.
  Description Scratch() const { return Plain({threads_ * 3 * BufferCount()}); }
  void Forward(const dnnl::memory& bottom, float* scratch, const dnnl::memory& top) const;
  // `above` and `below`: the gradients of top and bottom.
  void Backward(const dnnl::memory& bottom, const dnnl::memory& above, float* scratch, const dnnl::memory& below) const;

 private:
  using Bf16 = std::uint16_t;

  std::int64_t BufferCount() const;
  template <typename Body>
  void ByPlace(float* scratch, const Body& body) const;
  void PutSquares(const Bf16* bottom, float* squares) const;
  void ForwardPlace(const Bf16* bottom, float* squares, Bf16* top) const;
  void BackwardPlace(const Bf16* bottom, const Bf16* above, float* squares, Bf16* below) const;

  const std::int64_t size_;
  const float alpha_;  // for a square, as Caffe divides it by the size
  const float k_;
  const std::int64_t channels_;
  const std::int64_t places_;  // of all images
  const int threads_;
};

// For what suits.
std::unique_ptr<Operation> MakeLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_LRN_BY_PLACE_H_
