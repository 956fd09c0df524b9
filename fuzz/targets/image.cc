// JPEG and PNG files, decoded, and brought to each number of channels.
#include "image_decode.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Refusing([=] {
    const caffe_node::Pixels pixels = caffe_node::DecodeImage(fuzz::View(data, size));
    caffe_node::WithChannels(pixels, 1);
    caffe_node::WithChannels(pixels, 3);
  });
  return 0;
}
