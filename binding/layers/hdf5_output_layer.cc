#include "hdf5_output_layer.h"

#include <hdf5_hl.h>

#include <array>
#include <string>
#include <utility>

#include "../checks/shapes.h"
#include "../failure.h"
#include "../hdf5_memory_file.h"
#include "../weights.h"

namespace caffe_node {

namespace {

// Four axes, as Caffe's files have them.
void Save(hid_t file, const char* name, const caffe::Blob<float>& blob) {
  const std::array<hsize_t, 4> extents{static_cast<hsize_t>(blob.num()), static_cast<hsize_t>(blob.channels()),
                                       static_cast<hsize_t>(blob.height()), static_cast<hsize_t>(blob.width())};
  RequireHdf5(H5LTmake_dataset_float(file, name, static_cast<int>(extents.size()), extents.data(), blob.cpu_data()) >= 0);
}

std::string FileOf(const caffe::Blob<float>& data, const caffe::Blob<float>& label) {
  constexpr std::size_t kGrowth = 1 << 20;
  const Hdf5MemoryFile file(kGrowth);
  Save(file.value(), "data", data);
  Save(file.value(), "label", label);
  return file.Bytes();
}

}  // namespace

void Hdf5OutputLayer::Reshape(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>&) {
  if (bottom[0]->num() == bottom[1]->num()) return;
  throw Misshapen(layer_param_, "has " + std::to_string(bottom[0]->num()) + " items of data and " +
                                    std::to_string(bottom[1]->num()) + " of labels");
}

void Hdf5OutputLayer::Forward_cpu(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>&) {
  WriteFileWhole(layer_param_.hdf5_output_param().file_name(), FileOf(*bottom[0], *bottom[1]));
}

}  // namespace caffe_node
