#include "hdf5_writer.h"

#include <hdf5_hl.h>

#include <caffe/util/hdf5.hpp>
#include <utility>

#include "failure.h"
#include "hdf5_file.h"
#include "hdf5_memory_file.h"

namespace caffe_node {

namespace {

// Weights are large: few steps.
constexpr std::size_t kGrowth = std::size_t{16} << 20;

hid_t NewGroup(hid_t parent, const std::string& name) {
  return H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
}

void RequireName(const std::string& layer) {
  if (layer.find('/') == std::string::npos && layer != "." && !layer.empty()) return;
  FailureDetails details;
  details.layer = layer;
  details.hint = "Use the binary format: snapshot_format BINARYPROTO, or `format: 'binaryproto'` of save().";
  throw Failure("UNSUPPORTED", "The name of layer '" + layer + "' cannot be one in HDF5.", std::move(details));
}

// The layers' parameters as Caffe lays them out; one that belongs to another layer is not repeated, but its diff is.
void WriteLayers(const caffe::Net<float>& net, const Hdf5Handle& group, bool diffs) {
  std::size_t number = 0;  // Caffe counts parameters through, layer by layer
  for (std::size_t layer = 0; layer < net.layers().size(); ++layer) {
    const Hdf5Handle own(NewGroup(group.value(), net.layer_names()[layer]), H5Gclose);
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
  const Hdf5MemoryFile file(kGrowth);
  WriteLayers(net, Hdf5Handle(NewGroup(file.value(), "data"), H5Gclose), false);
  if (diffs) WriteLayers(net, Hdf5Handle(NewGroup(file.value(), "diff"), H5Gclose), true);
  return file.Bytes();
}

std::string Hdf5State(const caffe::SolverState& state, const std::string& record) {
  const Hdf5MemoryFile file(kGrowth);
  caffe::hdf5_save_int(file.value(), "iter", state.iter());
  caffe::hdf5_save_string(file.value(), "learned_net", state.learned_net());
  caffe::hdf5_save_int(file.value(), "current_step", state.current_step());
  {
    const Hdf5Handle history(NewGroup(file.value(), "history"), H5Gclose);
    for (int i = 0; i < state.history_size(); ++i) {
      caffe::Blob<float> blob;
      blob.FromProto(state.history(i));
      caffe::hdf5_save_nd_dataset(history.value(), std::to_string(i), blob);
    }
  }
  if (!record.empty()) {
    const hsize_t count = record.size();
    RequireHdf5(H5LTmake_dataset(file.value(), kHdf5Record, 1, &count, H5T_NATIVE_UCHAR, record.data()) >= 0);
  }
  return file.Bytes();
}

}  // namespace caffe_node
