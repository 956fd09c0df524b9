// What Caffe's transform_param does to an image: crop, mirror, subtract a mean, scale. The one implementation, for the Data layer
// and for deployed models, so that both see the same pixels.
#ifndef CAFFE_NODE_PIXEL_TRANSFORM_H_
#define CAFFE_NODE_PIXEL_TRANSFORM_H_

#include <cstdint>
#include <vector>

#include "image_decode.h"

namespace caffe_node {

// One value per pixel of a whole image, plane by plane; colour planes in Caffe's order: blue, green, red.
struct MeanImage {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<float> values;  // none: no mean image
};

struct PixelTransform {
  int crop = 0;  // the side of a square; 0: the whole image
  float scale = 1;
  std::vector<float> mean_values;  // none, one for all channels, or one per channel; exclusive with mean_image
  MeanImage mean_image;            // of the size of the uncropped images
};

// The size of an image before its transformation.
struct ImageSize {
  int channels = 0;
  int height = 0;
  int width = 0;
  bool operator==(const ImageSize& other) const {
    return channels == other.channels && height == other.height && width == other.width;
  }
};

// Which part of an image is taken, and how.
struct Window {
  int top = 0;
  int left = 0;
  int height = 0;
  int width = 0;
  bool mirror = false;
};

// Throws SHAPE when the transform does not fit such an image.
void CheckTransform(const PixelTransform& transform, const ImageSize& size);

// The window of Caffe's TEST phase: the crop in the middle.
Window CentreWindow(const PixelTransform& transform, const ImageSize& size);
// pycaffe's oversampling: the crop in the four corners and in the middle, then the same mirrored.
std::vector<Window> OversampledWindows(const PixelTransform& transform, const ImageSize& size);

// Each fills channels × window.height × window.width values. The transform has been checked, and the window lies inside the
// image. From interleaved grey or RGB pixels; the planes come out as grey or BGR.
void TransformPixels(const Pixels& image, const PixelTransform& transform, const Window& window, float* planes);
// From planes in the order of the result, with any number of channels.
void TransformPlanes(const std::uint8_t* samples, const ImageSize& size, const PixelTransform& transform, const Window& window,
                     float* planes);
void TransformPlanes(const float* samples, const ImageSize& size, const PixelTransform& transform, const Window& window,
                     float* planes);

}  // namespace caffe_node

#endif  // CAFFE_NODE_PIXEL_TRANSFORM_H_
