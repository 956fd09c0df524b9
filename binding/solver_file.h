// .solverstate files, in both of Caffe's formats.
#ifndef CAFFE_NODE_SOLVER_FILE_H_
#define CAFFE_NODE_SOLVER_FILE_H_

#include <caffe/proto/caffe.pb.h>

#include <optional>
#include <string>

#include "failure.h"
#include "solver_record.h"

namespace caffe_node {

struct SavedState {
  caffe::SolverState state;
  std::optional<SolverRecord> record;  // absent in files of stock Caffe
};

// Throws FILE unless the whole of it was written.
void WriteState(const std::string& path, bool hdf5, const SavedState& saved);

// Throws FILE for a file that cannot be read, WEIGHTS for one that is truncated or no solver state at all.
SavedState ReadState(const std::string& path);

// WEIGHTS, with the file and what to give instead.
Failure NotState(const std::string& path, const std::string& what);

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_FILE_H_
