// What Caffe's solver state lacks for a training to go on bit for bit: the seed, the place of each data layer in its data, and
// the losses that the smoothed one is the mean of. It travels inside the .solverstate file, where stock Caffe passes it over: as
// a field that its schema does not know, or as one more dataset of an HDF5 file.
#ifndef CAFFE_NODE_SOLVER_RECORD_H_
#define CAFFE_NODE_SOLVER_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caffe_node {

// Where a data layer stands.
struct DataPosition {
  int net = 0;  // 0 is the train net, n the n-th test net
  std::string layer;
  std::uint64_t item = 0;
  unsigned seed = 0;
};

struct SolverRecord {
  std::string type;  // of the solver
  unsigned seed = 0;
  std::vector<float> losses;  // the newest last
  std::vector<DataPosition> data;
  std::uint64_t file_size = 0;  // of the whole file, where it is known: a truncated one is found out
};

// As the bytes of a protobuf message:
//   string type = 1; uint32 seed = 2; repeated float losses = 3; repeated Data data = 4; fixed64 file_size = 5;
//   Data { int32 net = 1; string layer = 2; uint64 item = 3; uint32 seed = 4; }
// The length does not depend on file_size.
std::string Encode(const SolverRecord& record);
// Nothing for bytes that are no such message.
std::optional<SolverRecord> Decode(const std::string& bytes);

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_RECORD_H_
