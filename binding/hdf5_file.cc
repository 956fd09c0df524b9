#include "hdf5_file.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <caffe/blob.hpp>
#include <caffe/util/hdf5.hpp>
#include <functional>
#include <utility>

#include "failure.h"

namespace caffe_node {

namespace {

constexpr char kSignature[] = "\211HDF\r\n\032\n";

// A handle of the library, closed at the end of its scope.
class Handle {
 public:
  Handle(hid_t value, herr_t (*close)(hid_t)) : value_(value), close_(close) {
    CHECK_GE(value_, 0) << "A part of the file is missing.";
  }
  ~Handle() { close_(value_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t value() const { return value_; }

 private:
  const hid_t value_;
  herr_t (*const close_)(hid_t);
};

void ReadBlob(hid_t group, const std::string& name, caffe::BlobProto* proto) {
  caffe::Blob<float> blob;
  caffe::hdf5_load_nd_dataset(group, name.c_str(), 0, kMaxBlobAxes, &blob, true);
  blob.ToProto(proto);
}

// Runs `read` on the open file; whatever is wrong becomes one kind of failure.
void WithFile(const std::string& path, const std::function<void(hid_t)>& read) {
  const std::lock_guard<std::mutex> lock(Hdf5Lock());
  SilenceHdf5();
  try {
    const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    read(file.value());
  } catch (const std::exception& error) {
    FailureDetails details;
    details.file = path;
    details.hint = "Is the file whole, and was it written by Caffe?";
    throw Failure("WEIGHTS", "'" + path + "' cannot be read as one of Caffe's HDF5 files: " + error.what(), std::move(details));
  }
}

}  // namespace

std::mutex& Hdf5Lock() {
  static std::mutex lock;
  return lock;
}

void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

bool IsHdf5(const std::string& contents) { return contents.compare(0, sizeof kSignature - 1, kSignature) == 0; }

caffe::NetParameter ReadHdf5Weights(const std::string& path) {
  caffe::NetParameter weights;
  WithFile(path, [&weights](hid_t file) {
    const Handle data(H5Gopen2(file, "data", H5P_DEFAULT), H5Gclose);
    const int layers = caffe::hdf5_get_num_links(data.value());
    for (int i = 0; i < layers; ++i) {
      caffe::LayerParameter* const layer = weights.add_layer();
      layer->set_name(caffe::hdf5_get_name_by_idx(data.value(), i));
      const Handle group(H5Gopen2(data.value(), layer->name().c_str(), H5P_DEFAULT), H5Gclose);
      const int blobs = caffe::hdf5_get_num_links(group.value());
      for (int j = 0; j < blobs; ++j) ReadBlob(group.value(), std::to_string(j), layer->add_blobs());
    }
  });
  return weights;
}

caffe::SolverState ReadHdf5State(const std::string& path) {
  caffe::SolverState state;
  WithFile(path, [&state](hid_t file) {
    state.set_iter(caffe::hdf5_load_int(file, "iter"));
    if (H5LTfind_dataset(file, "learned_net") > 0) state.set_learned_net(caffe::hdf5_load_string(file, "learned_net"));
    state.set_current_step(caffe::hdf5_load_int(file, "current_step"));
    const Handle history(H5Gopen2(file, "history", H5P_DEFAULT), H5Gclose);
    const int blobs = caffe::hdf5_get_num_links(history.value());
    for (int i = 0; i < blobs; ++i) ReadBlob(history.value(), std::to_string(i), state.add_history());
  });
  return state;
}

}  // namespace caffe_node
