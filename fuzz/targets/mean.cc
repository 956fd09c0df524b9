// A mean.binaryproto.
#include "layers/mean_file.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const std::string file = folder.Write("mean.binaryproto", fuzz::View(data, size));
  fuzz::Refusing([&] { caffe_node::ReadMeanFile(file); });
  return 0;
}
