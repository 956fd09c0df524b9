#include "frame.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>

#include "failure.h"

namespace caffe_node {

namespace {

// What the eye makes of the three colours, in the weights that pycaffe's load_image takes (scikit-image's rgb2gray).
constexpr double kRed = 0.2125;
constexpr double kGreen = 0.7154;
constexpr double kBlue = 0.0721;

// 8-bit alpha is rounded as the decoder of files (libvips) does it: a frame and the PNG of the same pixels are the same image.
std::uint8_t OnWhite(std::uint8_t value, std::uint8_t alpha) {
  return static_cast<std::uint8_t>((value * alpha + 255 * (255 - alpha)) / 255);
}
float OnWhite(float value, float alpha) {
  const float opaque = std::clamp(alpha, 0.F, 1.F);
  return value * opaque + (1 - opaque);
}

double ToUnit(std::uint8_t value) { return value / 255.0; }
double ToUnit(float value) { return static_cast<double>(value); }

std::uint8_t ToByte(std::uint8_t value) { return value; }
std::uint8_t ToByte(float value) { return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.F, 1.F) * 255)); }

void CheckFinite(const std::vector<std::uint8_t>&) {}
void CheckFinite(const std::vector<float>& samples) {
  const auto wrong = std::find_if(samples.begin(), samples.end(), [](float value) { return !std::isfinite(value); });
  if (wrong == samples.end()) return;
  throw Failure("INPUT", "Sample " + std::to_string(wrong - samples.begin()) + " of the frame is not a finite number.");
}

// Calls `visit` with the colours of each pixel, laid on white: red, green and blue, or three times grey.
template <typename Sample, typename Visit>
void ForEachPixel(const Frame<Sample>& frame, Visit visit) {
  const std::ptrdiff_t step = frame.channels;
  const bool has_alpha = frame.channels == 2 || frame.channels == 4;
  const std::ptrdiff_t colours = has_alpha ? step - 1 : step;
  const std::ptrdiff_t red = colours == 3 && frame.bgr ? 2 : 0;
  const std::ptrdiff_t green = colours == 3 ? 1 : 0;
  const std::ptrdiff_t blue = colours == 3 ? 2 - red : 0;
  const Sample* const end = frame.samples.data() + frame.samples.size();
  for (const Sample* pixel = frame.samples.data(); pixel < end; pixel += step) {
    const auto colour = [&](std::ptrdiff_t index) { return has_alpha ? OnWhite(pixel[index], pixel[colours]) : pixel[index]; };
    visit(colour(red), colour(green), colour(blue));
  }
}

template <typename Sample>
TensorData ToImage(const Frame<Sample>& frame, bool colour) {
  CheckFinite(frame.samples);
  TensorData image;
  image.shape = {frame.height, frame.width, colour ? 3 : 1};
  const std::size_t pixels = static_cast<std::size_t>(frame.height) * static_cast<std::size_t>(frame.width);
  image.data.resize(pixels * (colour ? 3 : 1));
  float* out = image.data.data();
  if (colour) {
    ForEachPixel(frame, [&out](Sample red, Sample green, Sample blue) {
      *out++ = static_cast<float>(ToUnit(red));
      *out++ = static_cast<float>(ToUnit(green));
      *out++ = static_cast<float>(ToUnit(blue));
    });
  } else if (frame.channels < 3) {
    ForEachPixel(frame, [&out](Sample grey, Sample, Sample) { *out++ = static_cast<float>(ToUnit(grey)); });
  } else {
    ForEachPixel(frame, [&out](Sample red, Sample green, Sample blue) {
      *out++ = static_cast<float>(kRed * ToUnit(red) + kGreen * ToUnit(green) + kBlue * ToUnit(blue));
    });
  }
  return image;
}

template <typename Sample>
Pixels ToPixels(const Frame<Sample>& frame) {
  CheckFinite(frame.samples);
  Pixels pixels = AllocatePixels(static_cast<std::uint64_t>(frame.height), static_cast<std::uint64_t>(frame.width),
                                 frame.channels < 3 ? 1 : 3, "frame");
  std::uint8_t* out = pixels.data.data();
  if (pixels.channels == 1) {
    ForEachPixel(frame, [&out](Sample grey, Sample, Sample) { *out++ = ToByte(grey); });
  } else {
    ForEachPixel(frame, [&out](Sample red, Sample green, Sample blue) {
      *out++ = ToByte(red);
      *out++ = ToByte(green);
      *out++ = ToByte(blue);
    });
  }
  return pixels;
}

// Copies the samples of each row, and leaves out what lies between the rows.
template <typename Sample, typename Array>
std::vector<Sample> RowsOf(const Array& array, std::size_t rows, std::size_t row_length, std::size_t stride) {
  if (array.ElementLength() < (rows - 1) * stride + row_length) {
    throw Failure("INPUT", "The frame has too few samples: " + std::to_string(array.ElementLength()) + ".");
  }
  std::vector<Sample> samples;
  samples.reserve(rows * row_length);
  for (std::size_t row = 0; row < rows; ++row) {
    const Sample* const first = array.Data() + row * stride;
    samples.insert(samples.end(), first, first + row_length);
  }
  return samples;
}

}  // namespace

TensorData FrameToImage(const AnyFrame& frame, bool colour) {
  return std::visit([colour](const auto& any) { return ToImage(any, colour); }, frame);
}

Pixels FrameToPixels(const AnyFrame& frame) {
  return std::visit([](const auto& any) { return ToPixels(any); }, frame);
}

AnyFrame ToFrame(const Napi::Value& value) {
  const Napi::Object object = ToObject(value, "A frame");
  const int height = ToInt(Property(object, "height"), "The height of a frame");
  const int width = ToInt(Property(object, "width"), "The width of a frame");
  const int channels = ToInt(Property(object, "channels"), "The number of channels of a frame");
  const int stride = ToInt(Property(object, "stride"), "The stride of a frame");
  const bool bgr = ToBool(Property(object, "bgr"), "The order of a frame");
  const bool sane = height > 0 && width > 0 && channels >= 1 && channels <= 4 &&
                    static_cast<std::uint64_t>(width) <= kMostPixels / static_cast<std::uint64_t>(height) &&
                    stride >= static_cast<std::int64_t>(width) * channels;
  if (!sane) {
    throw Failure("INPUT", "A frame of " + std::to_string(height) + "×" + std::to_string(width) + " pixels with " +
                               std::to_string(channels) + " channels and a stride of " + std::to_string(stride) +
                               " samples is not possible.");
  }
  const std::size_t rows = static_cast<std::size_t>(height);
  const std::size_t row_length = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  const std::size_t step = static_cast<std::size_t>(stride);
  const Napi::Value data = Property(object, "data");
  const napi_typedarray_type type = data.IsTypedArray() ? data.As<Napi::TypedArray>().TypedArrayType() : napi_int8_array;
  if (type == napi_float32_array) {
    return Frame<float>{height, width, channels, bgr, RowsOf<float>(data.As<Napi::Float32Array>(), rows, row_length, step)};
  }
  if (type == napi_uint8_array || type == napi_uint8_clamped_array) {
    const auto bytes = data.As<Napi::Uint8Array>();
    return Frame<std::uint8_t>{height, width, channels, bgr, RowsOf<std::uint8_t>(bytes, rows, row_length, step)};
  }
  throw Failure("INPUT", "The data of a frame must be a Uint8Array, a Uint8ClampedArray or a Float32Array.");
}

}  // namespace caffe_node
