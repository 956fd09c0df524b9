#include "mean.h"

#include <string>

#include "failure.h"

namespace caffe_node {

namespace {

std::string SizeText(int height, int width, int channels) {
  return std::to_string(width) + "×" + std::to_string(height) + " with " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels");
}

}  // namespace

void MeanAccumulator::RequireSize(int height, int width, int channels) {
  if (channels_ == 0) {
    height_ = height;
    width_ = width;
    channels_ = channels;
  } else if (height != height_ || width != width_ || channels != channels_) {
    throw Failure("INPUT", "An image is " + SizeText(height, width, channels) + "; the images before it are " +
                               SizeText(height_, width_, channels_) + ". A dataset has images of one size.");
  }
}

void MeanAccumulator::Add(const std::vector<std::uint8_t>& pixels) {
  sums_.resize(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) sums_[i] += pixels[i];
  ++count_;
}

TensorData MeanAccumulator::Mean() const {
  if (count_ == 0) throw Failure("DATASET", "A dataset without images has no mean.");
  TensorData mean;
  mean.shape = {1, channels_, height_, width_};
  mean.data.reserve(sums_.size());
  const auto step = static_cast<std::size_t>(channels_);
  for (std::size_t channel = step; channel-- > 0;) {  // RGB becomes BGR
    for (std::size_t i = channel; i < sums_.size(); i += step)
      mean.data.push_back(static_cast<float>(sums_[i] / static_cast<double>(count_)));
  }
  return mean;
}

}  // namespace caffe_node
