// Caffe's HDF5 files, laid out in memory by the HDF5 library: it never sees a disk that is full, of which its files do not
// survive the news, and the process neither.
#ifndef CAFFE_NODE_HDF5_WRITER_H_
#define CAFFE_NODE_HDF5_WRITER_H_

#include <caffe/proto/caffe.pb.h>

#include <caffe/net.hpp>
#include <string>

namespace caffe_node {

// The bytes of what Caffe's ToHDF5 writes: the parameters and, if wanted, their diffs. Throws UNSUPPORTED for a layer whose name
// cannot be one in HDF5.
std::string Hdf5Weights(const caffe::Net<float>& net, bool diffs);

// The bytes of what Caffe's solvers write, and `record` as one more dataset unless it is empty.
std::string Hdf5State(const caffe::SolverState& state, const std::string& record);

}  // namespace caffe_node

#endif  // CAFFE_NODE_HDF5_WRITER_H_
