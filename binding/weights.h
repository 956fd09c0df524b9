// Weights files in and out: reading with a report of what was done with each layer, all or nothing; writing under a temporary
// name.
#ifndef CAFFE_NODE_WEIGHTS_H_
#define CAFFE_NODE_WEIGHTS_H_

#include <google/protobuf/message_lite.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "net_state.h"
#include "weights_file.h"

namespace caffe_node {

struct CopyRequest {
  WeightsSource weights;
  bool strict = true;  // a layer of the same name and another shape is an error
  std::vector<std::string> ignore;
  std::map<std::string, std::string> rename;  // name in the file → name in the net
};

struct Mismatch {
  std::string layer;
  int index;
  std::vector<int> file;
  std::vector<int> net;
};

struct CopyResult {
  std::vector<std::string> copied;
  std::vector<std::string> missing;
  std::vector<std::string> unused;
  std::vector<std::pair<std::string, std::string>> renamed;
  std::vector<Mismatch> mismatched;
};

// All functions run on the lane. Nothing is copied unless everything fits.
CopyResult CopyWeights(NetState* net, const CopyRequest& request);

void SaveWeights(NetState* net, const std::string& path, bool hdf5, bool diffs);
std::string SerializeWeights(NetState* net, bool diffs);

// The message as a file holds it; UNSUPPORTED beyond the 2 GB where protobuf files end.
std::string Serialize(const google::protobuf::MessageLite& message);

// Writes the file under a temporary name and renames it.
void WriteFileWhole(const std::string& path, const std::string& contents);
std::string TemporaryName(const std::string& path);
void RenameFile(const std::string& from, const std::string& to);

}  // namespace caffe_node

#endif  // CAFFE_NODE_WEIGHTS_H_
