// Weights and solver states in HDF5.
#include <string>

#include "hdf5_file.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Refusing([=] { caffe_node::ReadHdf5Weights(fuzz::View(data, size), "weights"); });
  fuzz::Refusing([=] {
    std::string record;
    caffe_node::ReadHdf5State(fuzz::View(data, size), "state", &record);
  });
  return 0;
}
