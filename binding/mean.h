// The mean image of a dataset, summed up while its images pass by.
#ifndef CAFFE_NODE_MEAN_H_
#define CAFFE_NODE_MEAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "convert.h"

namespace caffe_node {

class MeanAccumulator {
 public:
  // The first size is the size of all. Throws INPUT for another one.
  void RequireSize(int height, int width, int channels);
  // Interleaved RGB or grey pixels of that size.
  void Add(const std::vector<std::uint8_t>& pixels);
  // BGR planes of shape [1, C, H, W]. Throws DATASET when nothing was added.
  TensorData Mean() const;

 private:
  int height_ = 0;
  int width_ = 0;
  int channels_ = 0;
  // Interleaved like the pixels. Integers below 2^53 are exact in a double: the order of the images does not matter.
  std::vector<double> sums_;
  std::size_t count_ = 0;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_MEAN_H_
