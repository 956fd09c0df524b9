// The arithmetic of Winograd's algorithm (winograd.h), on vectors of 16 channels. For processors with wide vectors only.
#ifndef CAFFE_NODE_ONEDNN_WINOGRAD_KERNELS_H_
#define CAFFE_NODE_ONEDNN_WINOGRAD_KERNELS_H_

#include <cstdint>

#include "wide_vectors.h"

namespace caffe_node::onednn::winograd {

constexpr std::int64_t kSide = 6;  // of a tile in the bottom
constexpr std::int64_t kPoints = kSide * kSide;
constexpr std::int64_t kLanes = kWideLanes;
constexpr std::int64_t kMostVectors = 4;
constexpr std::int64_t kMostTaps = 5;

// A part of an image of 16 channels: all, or from a place on.
template <typename Value>
struct Window {
  Value* values;
  std::int64_t height;
  std::int64_t width;
};

// The numbers of the tile that begins at (top, left), each `step` values behind the one before. What lies outside of the image is
// zero.
void TransformBottom(const Window<const float>& image, std::int64_t top, std::int64_t left, float* numbers, std::int64_t step);

// The numbers of a channel's taps × taps weights for 16 outputs, or fewer: `weights` are those of the first, and each output's
// lie `stride` behind.
void TransformWeights(const float* weights, std::int64_t outputs, std::int64_t stride, std::int64_t taps, float* numbers,
                      std::int64_t step);

// side × side values of the top from their products, which lie as numbers do; as many as the image has. Values below zero are
// multiplied by `slope`; `bias` may be null.
void TransformTop(const float* products, std::int64_t step, std::int64_t side, const float* bias, float slope,
                  const Window<float>& image, std::int64_t width);

// Of one point: the numbers of each tile, `step` values behind one another, times the weights [channels][vectors][16]. The
// products of a tile lie kPoints × vectors × 16 values behind those of the tile before.
void Multiply(const float* numbers, std::int64_t step, std::int64_t tiles, std::int64_t channels, const float* weights,
              std::int64_t vectors, float* products);

}  // namespace caffe_node::onednn::winograd

#endif  // CAFFE_NODE_ONEDNN_WINOGRAD_KERNELS_H_
