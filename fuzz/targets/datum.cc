// An entry of a dataset: parsed, decoded, cropped and scaled. The first byte chooses the transformation.
#include <vector>

#include "layers/datum_image.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

namespace {

caffe_node::PixelTransform TransformOf(std::uint8_t choice, const caffe_node::ImageSize& size) {
  caffe_node::PixelTransform transform;
  transform.crop = choice % 8;
  transform.scale = 0.5f;
  if ((choice & 8) != 0) transform.mean_values = {104, 117, 123};
  if ((choice & 16) != 0) {
    transform.mean_values.clear();
    transform.mean_image.channels = size.channels;
    transform.mean_image.height = size.height;
    transform.mean_image.width = size.width;
    transform.mean_image.values.resize(static_cast<std::size_t>(size.channels) * static_cast<std::size_t>(size.height) *
                                       static_cast<std::size_t>(size.width));
  }
  return transform;
}

void Use(const caffe::Datum& datum, std::uint8_t choice) {
  constexpr caffe_node::Colour kColours[] = {caffe_node::Colour::kAsStored, caffe_node::Colour::kGrey,
                                             caffe_node::Colour::kColour};
  const caffe_node::DatumImage image(datum, kColours[choice % 3]);
  const caffe_node::PixelTransform transform = TransformOf(choice, image.size());
  caffe_node::CheckTransform(transform, image.size());
  caffe_node::Window window = caffe_node::CentreWindow(transform, image.size());
  window.mirror = (choice & 32) != 0;
  std::vector<float> planes(static_cast<std::size_t>(image.size().channels) * static_cast<std::size_t>(window.height) *
                            static_cast<std::size_t>(window.width));
  image.Transform(transform, window, planes.data());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  caffe::Datum datum;
  if (size == 0 || !datum.ParseFromArray(data + 1, static_cast<int>(size - 1))) return 0;
  fuzz::Refusing([&] { Use(datum, data[0]); });
  return 0;
}
