#include "hdf5_output_layer.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <array>
#include <mutex>
#include <string>
#include <utility>

#include "../checks/shapes.h"
#include "../failure.h"
#include "../hdf5_file.h"
#include "../weights.h"

namespace caffe_node {

namespace {

// A step of HDF5's that failed; its own account of it is silenced.
void Require(bool done) {
  if (!done) throw Failure("FILE", "HDF5 could not lay out the file.");
}

// Closes what the library opened.
class Handle {
 public:
  Handle(hid_t value, herr_t (*close)(hid_t)) : value_(value), close_(close) { Require(value_ >= 0); }
  ~Handle() { close_(value_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t value() const { return value_; }

 private:
  const hid_t value_;
  herr_t (*const close_)(hid_t);
};

// Four axes, as Caffe's files have them.
void Save(hid_t file, const char* name, const caffe::Blob<float>& blob) {
  const std::array<hsize_t, 4> extents{static_cast<hsize_t>(blob.num()), static_cast<hsize_t>(blob.channels()),
                                       static_cast<hsize_t>(blob.height()), static_cast<hsize_t>(blob.width())};
  Require(H5LTmake_dataset_float(file, name, static_cast<int>(extents.size()), extents.data(), blob.cpu_data()) >= 0);
}

// The bytes of the file, made in memory: a disk that is full is ours to meet.
std::string FileOf(const caffe::Blob<float>& data, const caffe::Blob<float>& label) {
  constexpr std::size_t kGrowth = 1 << 20;
  const std::lock_guard<std::mutex> lock(Hdf5Lock());
  SilenceHdf5();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  Require(H5Pset_fapl_core(access.value(), kGrowth, false) >= 0);
  const Handle file(H5Fcreate("in memory", H5F_ACC_TRUNC, H5P_DEFAULT, access.value()), H5Fclose);
  Save(file.value(), "data", data);
  Save(file.value(), "label", label);
  Require(H5Fflush(file.value(), H5F_SCOPE_GLOBAL) >= 0);
  const ssize_t size = H5Fget_file_image(file.value(), nullptr, 0);
  Require(size > 0);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  Require(H5Fget_file_image(file.value(), bytes.data(), bytes.size()) == size);
  return bytes;
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
