// JPEG and PNG files to pixels, as the Data layer and decodeImage see them.
#ifndef CAFFE_NODE_IMAGE_DECODE_H_
#define CAFFE_NODE_IMAGE_DECODE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace caffe_node {

// 8-bit samples, row by row: RGB RGB … (channels 3) or grey (channels 1).
struct Pixels {
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> data;
};

// More pixels than this in one image are taken for a damaged or malicious header; every product of sizes below it fits an int.
constexpr std::uint64_t kMostPixels = std::uint64_t{1} << 28;

// Decodes a JPEG or PNG. Grey stays grey; palettes, 16-bit samples, CMYK and transparency (on white) become 8-bit grey or RGB.
// The pixels lie as they are stored: an EXIF orientation is not applied, as in Caffe. Throws IMAGE, also for a file that is cut
// short.
Pixels DecodeImage(std::string_view file);

// The same image with 1 or 3 channels; grey is the luma that OpenCV computes.
Pixels WithChannels(Pixels image, int channels);

// Interleaved RGB as the planes blue, green, red, which is how Caffe stores images; grey as it is.
std::vector<std::uint8_t> BgrPlanes(const std::vector<std::uint8_t>& pixels, int channels);

// Room for an image of the size that its header claims. Throws IMAGE for an empty or an absurd one; `format` names it in the
// message.
Pixels AllocatePixels(std::uint64_t height, std::uint64_t width, int channels, const char* format);

}  // namespace caffe_node

#endif  // CAFFE_NODE_IMAGE_DECODE_H_
