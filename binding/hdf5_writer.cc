#include "hdf5_writer.h"

#include <hdf5.h>
#include <hdf5_hl.h>

#include <caffe/util/hdf5.hpp>
#include <mutex>
#include <utility>

#include "failure.h"
#include "hdf5_file.h"

namespace caffe_node {

namespace {

// A handle of the library, closed at the end of its scope.
class Handle {
 public:
  Handle(hid_t value, herr_t (*close)(hid_t)) : value_(value), close_(close) {
    CHECK_GE(value_, 0) << "HDF5 refuses a part of the file.";
  }
  ~Handle() { close_(value_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t value() const { return value_; }

 private:
  const hid_t value_;
  herr_t (*const close_)(hid_t);
};

hid_t InMemory() {
  constexpr std::size_t kGrowth = std::size_t{16} << 20;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  CHECK_GE(H5Pset_fapl_core(access.value(), kGrowth, 0), 0) << "HDF5 cannot write into memory.";
  return H5Fcreate("caffe-node", H5F_ACC_TRUNC, H5P_DEFAULT, access.value());
}

class MemoryFile {
 public:
  MemoryFile() : lock_(Hdf5Lock()), silenced_(Silenced()), file_(InMemory(), H5Fclose) {}
  hid_t value() const { return file_.value(); }

  std::string Bytes() const {
    CHECK_GE(H5Fflush(value(), H5F_SCOPE_GLOBAL), 0) << "HDF5 cannot write into memory.";
    const ssize_t size = H5Fget_file_image(value(), nullptr, 0);
    CHECK_GE(size, 0) << "HDF5 does not give its file.";
    std::string bytes(static_cast<std::size_t>(size), '\0');
    CHECK_EQ(H5Fget_file_image(value(), &bytes[0], bytes.size()), size) << "HDF5 does not give its file.";
    return bytes;
  }

 private:
  static bool Silenced() {
    SilenceHdf5();
    return true;
  }

  const std::lock_guard<std::mutex> lock_;
  const bool silenced_;
  const Handle file_;
};

hid_t NewGroup(const Handle& parent, const std::string& name) {
  return H5Gcreate2(parent.value(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

hid_t NewGroup(const MemoryFile& file, const char* name) {
  return H5Gcreate2(file.value(), name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

void RequireName(const std::string& layer) {
  if (layer.find('/') == std::string::npos && layer != "." && !layer.empty()) return;
  FailureDetails details;
  details.layer = layer;
  details.hint = "Use the binary format: snapshot_format BINARYPROTO, or `format: 'binaryproto'` of save().";
  throw Failure("UNSUPPORTED", "The name of layer '" + layer + "' cannot be one in HDF5.", std::move(details));
}

// The layers' parameters as Caffe lays them out; one that belongs to another layer is not repeated, but its diff is.
void WriteLayers(const caffe::Net<float>& net, const Handle& group, bool diffs) {
  std::size_t number = 0;  // Caffe counts parameters through, layer by layer
  for (std::size_t layer = 0; layer < net.layers().size(); ++layer) {
    const Handle own(NewGroup(group, net.layer_names()[layer]), H5Gclose);
    const auto& blobs = net.layers()[layer]->blobs();
    for (std::size_t i = 0; i < blobs.size(); ++i, ++number) {
      if (!diffs && net.param_owners()[number] != -1) continue;
      caffe::hdf5_save_nd_dataset(own.value(), std::to_string(i), *blobs[i], diffs);
    }
  }
}

}  // namespace

std::string Hdf5Weights(const caffe::Net<float>& net, bool diffs) {
  for (const std::string& name : net.layer_names()) RequireName(name);
  const MemoryFile file;
  WriteLayers(net, Handle(NewGroup(file, "data"), H5Gclose), false);
  if (diffs) WriteLayers(net, Handle(NewGroup(file, "diff"), H5Gclose), true);
  return file.Bytes();
}

std::string Hdf5State(const caffe::SolverState& state, const std::string& record) {
  const MemoryFile file;
  caffe::hdf5_save_int(file.value(), "iter", state.iter());
  caffe::hdf5_save_string(file.value(), "learned_net", state.learned_net());
  caffe::hdf5_save_int(file.value(), "current_step", state.current_step());
  {
    const Handle history(NewGroup(file, "history"), H5Gclose);
    for (int i = 0; i < state.history_size(); ++i) {
      caffe::Blob<float> blob;
      blob.FromProto(state.history(i));
      caffe::hdf5_save_nd_dataset(history.value(), std::to_string(i), blob);
    }
  }
  if (!record.empty()) {
    const hsize_t count = record.size();
    CHECK_GE(H5LTmake_dataset(file.value(), kHdf5Record, 1, &count, H5T_NATIVE_UCHAR, record.data()), 0)
        << "HDF5 refuses the record.";
  }
  return file.Bytes();
}

}  // namespace caffe_node
