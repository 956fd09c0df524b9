#include "image_decode.h"

#include <string>
#include <utility>

#include "failure_exception.h"
#include "image_jpeg.h"
#include "image_png.h"

namespace caffe_node {

namespace {

constexpr std::string_view kJpegSignature = "\xFF\xD8\xFF";
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n";

bool StartsWith(std::string_view file, std::string_view signature) { return file.substr(0, signature.size()) == signature; }

// 0.299 R + 0.587 G + 0.114 B in 14-bit fixed point, with OpenCV's coefficients and rounding.
std::uint8_t Luma(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((rgb[0] * 4899 + rgb[1] * 9617 + rgb[2] * 1868 + 8192) >> 14);
}

}  // namespace

Pixels AllocatePixels(std::uint64_t height, std::uint64_t width, int channels, const char* format) {
  if (height == 0 || width == 0 || height > kMostPixels || width > kMostPixels / height) {
    throw Failure("IMAGE", std::string("The ") + format + " claims a size of " + std::to_string(width) + "×" +
                               std::to_string(height) + " pixels; images have between 1 and 2^28 pixels.");
  }
  Pixels image;
  image.height = static_cast<int>(height);
  image.width = static_cast<int>(width);
  image.channels = channels;
  image.data.resize(static_cast<std::size_t>(height * width) * static_cast<std::size_t>(channels));
  return image;
}

Pixels DecodeImage(std::string_view file) {
  if (StartsWith(file, kJpegSignature)) return DecodeJpeg(file);
  if (StartsWith(file, kPngSignature)) return DecodePng(file);
  FailureDetails details;
  details.hint = "Convert the image to JPEG or PNG; createDataset and loadImage read other formats.";
  throw Failure("IMAGE", file.empty() ? "The image is empty." : "The image is neither a JPEG nor a PNG.", std::move(details));
}

Pixels WithChannels(Pixels image, int channels) {
  if (image.channels == channels) return image;
  Pixels result;
  result.height = image.height;
  result.width = image.width;
  result.channels = channels;
  const std::size_t count = image.data.size() / static_cast<std::size_t>(image.channels);
  result.data.resize(count * static_cast<std::size_t>(channels));
  if (channels == 1) {
    for (std::size_t i = 0; i < count; ++i) result.data[i] = Luma(&image.data[3 * i]);
  } else {
    for (std::size_t i = 0; i < result.data.size(); ++i) result.data[i] = image.data[i / 3];
  }
  return result;
}

std::vector<std::uint8_t> BgrPlanes(const std::vector<std::uint8_t>& pixels, int channels) {
  std::vector<std::uint8_t> planes;
  planes.reserve(pixels.size());
  const auto step = static_cast<std::size_t>(channels);
  for (std::size_t channel = step; channel-- > 0;) {
    for (std::size_t i = channel; i < pixels.size(); i += step) planes.push_back(pixels[i]);
  }
  return planes;
}

}  // namespace caffe_node
