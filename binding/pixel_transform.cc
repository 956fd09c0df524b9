#include "pixel_transform.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "failure_exception.h"

namespace caffe_node {

namespace {

std::string SizeText(int channels, int height, int width) {
  return std::to_string(height) + "×" + std::to_string(width) + " with " + std::to_string(channels) +
         (channels == 1 ? " channel" : " channels");
}

// One channel of an image: its first sample, and the distances between its samples and between its rows.
template <typename Sample, std::ptrdiff_t kStep>
struct Channel {
  const Sample* first;
  std::ptrdiff_t row_step;
  const Sample* At(int row, int column) const { return first + row * row_step + column * kStep; }
};

// The loops have nothing in them but the arithmetic, for the sake of the vectoriser. The order of the operations is Caffe's.
template <std::ptrdiff_t kStep, typename Sample>
void SubtractValue(const Sample* samples, float mean, float scale, int count, float* out) {
  for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = (static_cast<float>(samples[i * kStep]) - mean) * scale;
}

template <std::ptrdiff_t kStep, typename Sample>
void SubtractValues(const Sample* samples, const float* means, float scale, int count, float* out) {
  for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = (static_cast<float>(samples[i * kStep]) - means[i]) * scale;
}

template <typename Sample, std::ptrdiff_t kStep>
void TransformChannel(const Channel<Sample, kStep>& channel, std::size_t index, const PixelTransform& transform,
                      const Window& window, float* plane) {
  const MeanImage& image = transform.mean_image;
  const std::vector<float>& values = transform.mean_values;
  const float value = values.empty() ? 0 : values[values.size() == 1 ? 0 : index];
  for (int row = 0; row < window.height; ++row) {
    const Sample* samples = channel.At(window.top + row, window.left);
    float* out = plane + static_cast<std::ptrdiff_t>(row) * window.width;
    if (image.values.empty()) {
      SubtractValue<kStep>(samples, value, transform.scale, window.width, out);
    } else {
      const std::size_t mean_row = index * static_cast<std::size_t>(image.height) + static_cast<std::size_t>(window.top + row);
      const float* means =
          &image.values[mean_row * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(window.left)];
      SubtractValues<kStep>(samples, means, transform.scale, window.width, out);
    }
    // After the subtraction: the mean belongs to the place in the stored image.
    if (window.mirror) std::reverse(out, out + window.width);
  }
}

std::ptrdiff_t PlaneSize(const Window& window) { return static_cast<std::ptrdiff_t>(window.height) * window.width; }

template <typename Sample>
void TransformPlanar(const Sample* samples, const ImageSize& size, const PixelTransform& transform, const Window& window,
                     float* planes) {
  const std::ptrdiff_t area = static_cast<std::ptrdiff_t>(size.height) * size.width;
  for (int c = 0; c < size.channels; ++c) {
    const Channel<Sample, 1> channel{samples + c * area, size.width};
    TransformChannel(channel, static_cast<std::size_t>(c), transform, window, planes + c * PlaneSize(window));
  }
}

}  // namespace

void CheckTransform(const PixelTransform& transform, const ImageSize& size) {
  if (transform.crop > size.height || transform.crop > size.width) {
    FailureDetails details;
    details.hint = "Use a crop_size of at most " + std::to_string(std::min(size.height, size.width)) + ", or larger images.";
    throw Failure("SHAPE",
                  "A crop of " + std::to_string(transform.crop) + "×" + std::to_string(transform.crop) +
                      " does not fit an image of " + SizeText(size.channels, size.height, size.width) + ".",
                  std::move(details));
  }
  const std::size_t values = transform.mean_values.size();
  if (values > 1 && values != static_cast<std::size_t>(size.channels)) {
    FailureDetails details;
    details.hint = "Give one mean_value for all channels, or one per channel in the order blue, green, red.";
    throw Failure(
        "SHAPE",
        std::to_string(values) + " mean values do not fit an image of " + SizeText(size.channels, size.height, size.width) + ".",
        std::move(details));
  }
  const MeanImage& mean = transform.mean_image;
  if (!mean.values.empty() && !(size == ImageSize{mean.channels, mean.height, mean.width})) {
    FailureDetails details;
    details.hint =
        "A mean image has the size of the images before cropping: use the one that was computed from this dataset, or "
        "mean values.";
    throw Failure("SHAPE",
                  "A mean image of " + SizeText(mean.channels, mean.height, mean.width) + " does not fit an image of " +
                      SizeText(size.channels, size.height, size.width) + ".",
                  std::move(details));
  }
}

Window CentreWindow(const PixelTransform& transform, const ImageSize& size) {
  if (transform.crop == 0) return {0, 0, size.height, size.width, false};
  return {(size.height - transform.crop) / 2, (size.width - transform.crop) / 2, transform.crop, transform.crop, false};
}

std::vector<Window> OversampledWindows(const PixelTransform& transform, const ImageSize& size) {
  const Window centre = CentreWindow(transform, size);
  const int bottom = size.height - centre.height;
  const int right = size.width - centre.width;
  std::vector<Window> windows;
  for (const bool mirror : {false, true}) {
    for (const int top : {0, bottom}) {
      for (const int left : {0, right}) windows.push_back({top, left, centre.height, centre.width, mirror});
    }
    windows.push_back({centre.top, centre.left, centre.height, centre.width, mirror});
  }
  return windows;
}

void TransformPixels(const Pixels& image, const PixelTransform& transform, const Window& window, float* planes) {
  if (image.channels == 1) {
    TransformPlanar(image.data.data(), {1, image.height, image.width}, transform, window, planes);
    return;
  }
  for (std::size_t c = 0; c < 3; ++c) {
    const Channel<std::uint8_t, 3> channel{image.data.data() + (2 - c), static_cast<std::ptrdiff_t>(image.width) * 3};
    TransformChannel(channel, c, transform, window, planes + static_cast<std::ptrdiff_t>(c) * PlaneSize(window));
  }
}

void TransformPlanes(const std::uint8_t* samples, const ImageSize& size, const PixelTransform& transform, const Window& window,
                     float* planes) {
  TransformPlanar(samples, size, transform, window, planes);
}

void TransformPlanes(const float* samples, const ImageSize& size, const PixelTransform& transform, const Window& window,
                     float* planes) {
  TransformPlanar(samples, size, transform, window, planes);
}

}  // namespace caffe_node
