#include "resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "failure.h"
#include "image_decode.h"

namespace caffe_node {

namespace {

constexpr std::ptrdiff_t kOutside = -1;

// Where a sample of the result comes from along one axis: between two samples, either of which may lie outside.
struct Source {
  std::ptrdiff_t before;
  std::ptrdiff_t after;
  float weight;  // of `after`
};

double Coordinate(int target, int from, int to, bool align_corners) {
  if (!align_corners) return (target + 0.5) * from / to - 0.5;
  return to > 1 ? static_cast<double>(target) * (from - 1) / (to - 1) : 0;
}

std::vector<Source> SourcesOf(int from, int to, bool align_corners, Interpolation interpolation) {
  const auto inside = [from](double index) { return index >= 0 && index < from ? static_cast<std::ptrdiff_t>(index) : kOutside; };
  std::vector<Source> sources;
  sources.reserve(static_cast<std::size_t>(to));
  for (int target = 0; target < to; ++target) {
    const double coordinate = Coordinate(target, from, to, align_corners);
    if (interpolation == Interpolation::kNearest) {
      const std::ptrdiff_t nearest = inside(std::floor(coordinate + 0.5));
      sources.push_back({nearest, nearest, 0});
    } else {
      const double before = std::floor(coordinate);
      const double weight = coordinate - before;
      // The last corner has nothing behind it, and needs nothing.
      sources.push_back({inside(before), weight > 0 ? inside(before + 1) : inside(before), static_cast<float>(weight)});
    }
  }
  return sources;
}

float Between(float before, float after, float weight) { return before + weight * (after - before); }

}  // namespace

TensorData ResizeImage(const TensorData& image, int height, int width, Interpolation interpolation) {
  if (image.shape.size() != 3 || image.data.empty()) throw Failure("INPUT", "An image has the shape [height, width, channels].");
  const std::uint64_t channels = static_cast<std::uint64_t>(image.shape[2]);
  if (height < 1 || width < 1 ||
      static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(width) > kMostPixels / channels) {
    throw Failure("INPUT", "An image cannot be resized to " + std::to_string(height) + "×" + std::to_string(width) + ".");
  }
  const bool align_corners = channels != 1 && channels != 3;
  const std::vector<Source> rows = SourcesOf(image.shape[0], height, align_corners, interpolation);
  const std::vector<Source> columns = SourcesOf(image.shape[1], width, align_corners, interpolation);
  const float outside = *std::min_element(image.data.begin(), image.data.end());
  const std::ptrdiff_t row_step = static_cast<std::ptrdiff_t>(image.shape[1]) * image.shape[2];

  TensorData result;
  result.shape = {height, width, image.shape[2]};
  result.data.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * channels);
  float* out = result.data.data();
  for (const Source& row : rows) {
    for (const Source& column : columns) {
      for (std::ptrdiff_t c = 0; c < image.shape[2]; ++c) {
        const auto at = [&](std::ptrdiff_t y, std::ptrdiff_t x) {
          if (y == kOutside || x == kOutside) return outside;
          return image.data[static_cast<std::size_t>(y * row_step + x * image.shape[2] + c)];
        };
        const float above = Between(at(row.before, column.before), at(row.before, column.after), column.weight);
        const float below = Between(at(row.after, column.before), at(row.after, column.after), column.weight);
        *out++ = Between(above, below, row.weight);
      }
    }
  }
  return result;
}

}  // namespace caffe_node
