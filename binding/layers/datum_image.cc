#include "datum_image.h"

#include <cstdint>
#include <string>
#include <utility>

#include "../failure_exception.h"

namespace caffe_node {

namespace {

Pixels Decode(const std::string& file, Colour colour) {
  Pixels pixels = DecodeImage(file);
  return colour == Colour::kAsStored ? pixels : WithChannels(std::move(pixels), static_cast<int>(colour));
}

// The size of a raw datum, whose samples must be as many as it says.
ImageSize RawSize(const caffe::Datum& datum) {
  const bool positive = datum.channels() > 0 && datum.height() > 0 && datum.width() > 0;
  const std::uint64_t area =
      positive ? static_cast<std::uint64_t>(datum.height()) * static_cast<std::uint64_t>(datum.width()) : 0;
  const std::uint64_t samples = datum.data().empty() ? static_cast<std::uint64_t>(datum.float_data_size()) : datum.data().size();
  if (area == 0 || area > kMostPixels || area * static_cast<std::uint64_t>(datum.channels()) != samples) {
    throw Failure("IMAGE", "The image has " + std::to_string(samples) + " samples; its size is given as " +
                               std::to_string(datum.channels()) + "×" + std::to_string(datum.height()) + "×" +
                               std::to_string(datum.width()) + ".");
  }
  return {datum.channels(), datum.height(), datum.width()};
}

}  // namespace

DatumImage::DatumImage(const caffe::Datum& datum, Colour colour) : datum_(datum) {
  if (datum.encoded()) {
    pixels_ = Decode(datum.data(), colour);
    size_ = {pixels_.channels, pixels_.height, pixels_.width};
  } else {
    size_ = RawSize(datum);
  }
}

void DatumImage::Transform(const PixelTransform& transform, const Window& window, float* planes) const {
  if (datum_.encoded()) {
    TransformPixels(pixels_, transform, window, planes);
  } else if (!datum_.data().empty()) {
    TransformPlanes(reinterpret_cast<const std::uint8_t*>(datum_.data().data()), size_, transform, window, planes);
  } else {
    TransformPlanes(datum_.float_data().data(), size_, transform, window, planes);
  }
}

}  // namespace caffe_node
