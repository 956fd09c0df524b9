#include "transformer.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "failure.h"
#include "resize.h"

namespace caffe_node {

namespace {

std::string ShapeText(const std::vector<int>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

Failure Misfit(const std::string& what, const std::vector<int>& given, const std::vector<int>& wanted) {
  return Failure("SHAPE", what + " " + ShapeText(given) + " does not fit data of shape " + ShapeText(wanted) + ".");
}

bool IsPermutation(std::vector<int> order, std::size_t length) {
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int>(i)) return false;
  }
  return order.size() == length;
}

std::vector<int> InverseOf(const std::vector<int>& order) {
  std::vector<int> inverse(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) inverse[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  return inverse;
}

TensorData Transposed(const TensorData& tensor, const std::vector<int>& order) {
  if (!IsPermutation(order, 3)) throw Failure("INPUT", "transpose must name each of the axes 0, 1 and 2 once.");
  const std::ptrdiff_t steps[] = {static_cast<std::ptrdiff_t>(tensor.shape[1]) * tensor.shape[2], tensor.shape[2], 1};
  TensorData result;
  std::ptrdiff_t step[3];
  for (std::size_t axis = 0; axis < 3; ++axis) {
    result.shape.push_back(tensor.shape[static_cast<std::size_t>(order[axis])]);
    step[axis] = steps[order[axis]];
  }
  result.data.resize(tensor.data.size());
  float* out = result.data.data();
  for (std::ptrdiff_t i = 0; i < result.shape[0]; ++i) {
    for (std::ptrdiff_t j = 0; j < result.shape[1]; ++j) {
      for (std::ptrdiff_t k = 0; k < result.shape[2]; ++k) {
        *out++ = tensor.data[static_cast<std::size_t>(i * step[0] + j * step[1] + k * step[2])];
      }
    }
  }
  return result;
}

TensorData Swapped(const TensorData& tensor, const std::vector<int>& order) {
  const std::size_t channels = static_cast<std::size_t>(tensor.shape[0]);
  if (!IsPermutation(order, channels)) {
    throw Failure("INPUT",
                  "channelSwap " + ShapeText(order) + " must name each of the " + std::to_string(channels) + " channels once.");
  }
  TensorData result;
  result.shape = tensor.shape;
  result.data.reserve(tensor.data.size());
  const std::ptrdiff_t area = static_cast<std::ptrdiff_t>(tensor.shape[1]) * tensor.shape[2];
  for (const int channel : order) {
    result.data.insert(result.data.end(), tensor.data.begin() + channel * area, tensor.data.begin() + (channel + 1) * area);
  }
  return result;
}

void Scale(TensorData& tensor, float factor) {
  for (float& value : tensor.data) value *= factor;
}

// The mean with three axes, of the size of the net's input. The axes of length 1 stand for all.
TensorData MeanFor(const TransformerSpec& spec) {
  TensorData mean = *spec.mean;
  const std::vector<int> given = mean.shape;
  while (mean.shape.size() > 3 && mean.shape[0] == 1) mean.shape.erase(mean.shape.begin());
  if (mean.shape.size() == 1) {
    mean.shape = {mean.shape[0], 1, 1};
    return mean;
  }
  if (mean.shape.size() == 2) mean.shape.insert(mean.shape.begin(), 1);
  if (mean.shape.size() != 3 || mean.data.empty()) {
    throw Failure("SHAPE", "A mean of shape " + ShapeText(given) + " is neither one value per channel nor an image.");
  }
  if (mean.shape[1] == spec.height && mean.shape[2] == spec.width) return mean;
  const TensorData resized = ResizeImage(Transposed(mean, {1, 2, 0}), spec.height, spec.width, Interpolation::kBilinear);
  return Transposed(resized, {2, 0, 1});
}

// tensor += sign · mean, which MeanFor has given three axes.
void AddMean(TensorData& tensor, const TensorData& mean, float sign) {
  std::ptrdiff_t step[3] = {static_cast<std::ptrdiff_t>(mean.shape[1]) * mean.shape[2], mean.shape[2], 1};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (mean.shape[axis] == 1) {
      step[axis] = 0;
    } else if (mean.shape[axis] != tensor.shape[axis]) {
      throw Misfit("A mean of shape", mean.shape, tensor.shape);
    }
  }
  float* value = tensor.data.data();
  for (std::ptrdiff_t i = 0; i < tensor.shape[0]; ++i) {
    for (std::ptrdiff_t j = 0; j < tensor.shape[1]; ++j) {
      const float* row = mean.data.data() + i * step[0] + j * step[1];
      for (std::ptrdiff_t k = 0; k < tensor.shape[2]; ++k) *value++ += sign * row[k * step[2]];
    }
  }
}

// Copies a window of an image, the columns from right to left when mirrored.
float* CopyCrop(const TensorData& image, int top, int left, int height, int width, bool mirror, float* out) {
  const std::ptrdiff_t channels = image.shape[2];
  for (int row = 0; row < height; ++row) {
    for (int column = 0; column < width; ++column) {
      const int from = left + (mirror ? width - 1 - column : column);
      const float* pixel = image.data.data() + (static_cast<std::ptrdiff_t>(top + row) * image.shape[1] + from) * channels;
      out = std::copy_n(pixel, channels, out);
    }
  }
  return out;
}

// `mean` is MeanFor's, worked out once for a batch.
TensorData PreprocessOne(TensorData image, const TransformerSpec& spec, const TensorData& mean) {
  if (image.shape.size() != 3) throw Failure("INPUT", "An image has the shape [height, width, channels].");
  if (image.shape[0] != spec.height || image.shape[1] != spec.width) {
    image = ResizeImage(image, spec.height, spec.width, Interpolation::kBilinear);
  }
  if (!spec.transpose.empty()) image = Transposed(image, spec.transpose);
  if (!spec.channel_swap.empty()) image = Swapped(image, spec.channel_swap);
  if (spec.raw_scale) Scale(image, *spec.raw_scale);
  if (spec.mean) AddMean(image, mean, -1);
  if (spec.input_scale) Scale(image, *spec.input_scale);
  return image;
}

}  // namespace

TensorData Preprocess(TensorData image, const TransformerSpec& spec) {
  return PreprocessOne(std::move(image), spec, spec.mean ? MeanFor(spec) : TensorData());
}

TensorData PreprocessBatch(std::vector<TensorData> images, const TransformerSpec& spec) {
  if (images.empty()) throw Failure("INPUT", "There is no image to preprocess.");
  const TensorData mean = spec.mean ? MeanFor(spec) : TensorData();
  TensorData batch;
  std::vector<int> shape;
  for (TensorData& image : images) {
    const TensorData one = PreprocessOne(std::move(image), spec, mean);
    if (shape.empty()) {
      shape = one.shape;
      batch.data.reserve(images.size() * one.data.size());
    }
    if (one.shape != shape) throw Misfit("An image whose result has the shape", one.shape, shape);
    batch.data.insert(batch.data.end(), one.data.begin(), one.data.end());
  }
  batch.shape = shape;
  batch.shape.insert(batch.shape.begin(), static_cast<int>(images.size()));
  return batch;
}

TensorData Deprocess(TensorData input, const TransformerSpec& spec) {
  while (input.shape.size() > 3 && input.shape[0] == 1) input.shape.erase(input.shape.begin());
  if (input.shape.size() != 3) {
    throw Failure("INPUT", "Data of shape " + ShapeText(input.shape) + " is not one preprocessed image.");
  }
  if (spec.input_scale) Scale(input, 1 / *spec.input_scale);
  if (spec.mean) AddMean(input, MeanFor(spec), 1);
  if (spec.raw_scale) Scale(input, 1 / *spec.raw_scale);
  if (!spec.channel_swap.empty()) {
    if (!IsPermutation(spec.channel_swap, spec.channel_swap.size())) throw Misfit("channelSwap", spec.channel_swap, input.shape);
    input = Swapped(input, InverseOf(spec.channel_swap));
  }
  if (!spec.transpose.empty()) {
    if (!IsPermutation(spec.transpose, 3)) throw Failure("INPUT", "transpose must name each of the axes 0, 1 and 2 once.");
    input = Transposed(input, InverseOf(spec.transpose));
  }
  return input;
}

TensorData Oversample(const std::vector<TensorData>& images, int height, int width) {
  if (images.empty()) throw Failure("INPUT", "There is no image to crop.");
  const std::vector<int>& shape = images[0].shape;
  for (const TensorData& image : images) {
    if (image.shape.size() != 3) throw Failure("INPUT", "An image has the shape [height, width, channels].");
    if (image.shape != shape) throw Misfit("An image of shape", image.shape, shape);
  }
  if (height < 1 || width < 1 || height > shape[0] || width > shape[1]) throw Misfit("A crop of", {height, width}, shape);

  const int bottom = shape[0] - height;
  const int right = shape[1] - width;
  const std::pair<int, int> corners[] = {{0, 0}, {0, right}, {bottom, 0}, {bottom, right}, {bottom / 2, right / 2}};
  TensorData crops;
  crops.shape = {10 * static_cast<int>(images.size()), height, width, shape[2]};
  crops.data.resize(10 * images.size() * static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
                    static_cast<std::size_t>(shape[2]));
  float* out = crops.data.data();
  for (const TensorData& image : images) {
    for (const bool mirror : {false, true}) {
      for (const auto& [top, left] : corners) out = CopyCrop(image, top, left, height, width, mirror, out);
    }
  }
  return crops;
}

}  // namespace caffe_node
