// Caffe's HDF5 files, read into the messages that its binary files hold, so that one code checks and copies both.
#ifndef CAFFE_NODE_HDF5_FILE_H_
#define CAFFE_NODE_HDF5_FILE_H_

#include <caffe/proto/caffe.pb.h>

#include <mutex>
#include <string>
#include <string_view>

namespace caffe_node {

// For writing, which the HDF5 library does. Its high-level part is not thread-safe, in no environment: whoever calls it holds
// this.
std::mutex& Hdf5Lock();
// HDF5 prints its errors to the terminal unless told not to. To be called with the lock held.
void SilenceHdf5();

// Whether a file's first bytes are HDF5's.
bool IsHdf5(std::string_view contents);

// WEIGHTS for files that are damaged or hold something else. `path` is for the message, and empty for bytes in memory.
caffe::NetParameter ReadHdf5Weights(std::string_view contents, const std::string& path);
// `record` receives what Hdf5State of hdf5_writer.h was given; empty for files of stock Caffe.
caffe::SolverState ReadHdf5State(std::string_view contents, const std::string& path, std::string* record);

// The dataset of a solver state that holds the record.
constexpr char kHdf5Record[] = "caffe_node";

}  // namespace caffe_node

#endif  // CAFFE_NODE_HDF5_FILE_H_
