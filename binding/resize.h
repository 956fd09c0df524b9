// pycaffe's io.resize_image, number by number.
#ifndef CAFFE_NODE_RESIZE_H_
#define CAFFE_NODE_RESIZE_H_

#include "convert.h"

namespace caffe_node {

enum class Interpolation { kNearest = 0, kBilinear = 1 };

// `image` is [H, W, C]; throws INPUT otherwise. Images of 1 or 3 channels go pycaffe's way through scikit-image (centres of
// pixels map to centres, outside of the image lies its minimum), others its way through SciPy (corners map to corners).
TensorData ResizeImage(const TensorData& image, int height, int width, Interpolation interpolation);

}  // namespace caffe_node

#endif  // CAFFE_NODE_RESIZE_H_
