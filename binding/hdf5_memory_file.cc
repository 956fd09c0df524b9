#include "hdf5_memory_file.h"

#include "failure.h"
#include "hdf5_file.h"

namespace caffe_node {

namespace {

hid_t NewInMemory(std::size_t growth) {
  SilenceHdf5();
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  RequireHdf5(H5Pset_fapl_core(access.value(), growth, false) >= 0);
  return H5Fcreate("caffe-node", H5F_ACC_TRUNC, H5P_DEFAULT, access.value());
}

}  // namespace

void RequireHdf5(bool done) {
  if (!done) throw Failure("FILE", "HDF5 could not lay out the file.");
}

Hdf5MemoryFile::Hdf5MemoryFile(std::size_t growth) : lock_(Hdf5Lock()), file_(NewInMemory(growth), H5Fclose) {}

std::string Hdf5MemoryFile::Bytes() const {
  RequireHdf5(H5Fflush(value(), H5F_SCOPE_GLOBAL) >= 0);
  const ssize_t size = H5Fget_file_image(value(), nullptr, 0);
  RequireHdf5(size > 0);
  std::string bytes(static_cast<std::size_t>(size), '\0');
  RequireHdf5(H5Fget_file_image(value(), bytes.data(), bytes.size()) == size);
  return bytes;
}

}  // namespace caffe_node
