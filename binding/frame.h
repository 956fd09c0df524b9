// Pixels as a caller has them in memory, a camera's for example, and the two forms that they are needed in.
#ifndef CAFFE_NODE_FRAME_H_
#define CAFFE_NODE_FRAME_H_

#include <cstdint>
#include <variant>
#include <vector>

#include "convert.h"
#include "image_decode.h"

namespace caffe_node {

// Rows without gaps, the samples of a pixel side by side; alpha is not premultiplied.
template <typename Sample>
struct Frame {
  int height = 0;
  int width = 0;
  int channels = 0;  // 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha
  bool bgr = false;  // the order of the three colours, which is RGB otherwise
  std::vector<Sample> samples;
};

// 8-bit samples, or floats of which 0 is black and 1 is white.
using AnyFrame = std::variant<Frame<std::uint8_t>, Frame<float>>;

// Shape [height, width, 3 (RGB) or 1 (grey)], 0 to 1, alpha laid on white. Floats keep their precision, and values beyond the
// range. Throws INPUT for a sample that is not a finite number.
TensorData FrameToImage(const AnyFrame& frame, bool colour);

// 8-bit RGB or grey, alpha laid on white. Floats are rounded, and cut off at the ends of the range. Throws as FrameToImage.
Pixels FrameToPixels(const AnyFrame& frame);

// As a node of JS gives it: { data, height, width, channels, bgr, stride }. Copied; throws INPUT when the parts do not fit
// together.
AnyFrame ToFrame(const Napi::Value& value);

}  // namespace caffe_node

#endif  // CAFFE_NODE_FRAME_H_
