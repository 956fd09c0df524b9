// The loops of the training plan that oneDNN has no primitive for: copies that rectify on the way.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_KERNELS_H_
#define CAFFE_NODE_ONEDNN_TRAINING_KERNELS_H_

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>

namespace caffe_node::onednn {

// Rows of values in two memories; `begin` and `stride` count values.
struct Rows {
  std::int64_t count;
  std::int64_t length;
  std::int64_t from_begin;
  std::int64_t from_stride;
  std::int64_t to_begin;
  std::int64_t to_stride;
};
// All of a memory, padding included.
Rows AllOf(const dnnl::memory::desc& layout);

// Both memories hold float32 or both bfloat16.
void CopyRows(const dnnl::memory& from, const dnnl::memory& to, const Rows& rows);
// Values below zero times `slope`. Unlike oneDNN's ReLU, which turns NaN into zero, this lets a training that diverges be seen.
void RectifyRows(const dnnl::memory& from, const dnnl::memory& to, const Rows& rows, float slope);
// Gradients of RectifyRows, whose result is `output`, which lies as `from` does.
void MaskRows(const dnnl::memory& output, const dnnl::memory& from, const dnnl::memory& to, const Rows& rows, float slope);
// Between parts of images: of one type and shape, their channels whole in blocks as wide, or not in blocks.
void CopyImages(const dnnl::memory& from, const dnnl::memory::desc& from_layout, const dnnl::memory& to,
                const dnnl::memory::desc& to_layout);
// Every pixel of images has these values, one for each channel.
void FillChannels(const float* channels, const dnnl::memory& images);
// The sums over all pixels of images, one for each channel; added to what is there if `add`.
void SumChannels(const dnnl::memory& images, bool add, float* channels);
// Whether all values are numbers above the least one, at which a maximum over nothing stays.
bool AllDecided(const dnnl::memory& memory);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_KERNELS_H_
