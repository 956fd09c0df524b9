#include "mean_file.h"

#include <caffe/proto/caffe.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "../failure_exception.h"
#include "../read_file.h"

namespace caffe_node {

namespace {

Failure Wrong(const std::string& path, const std::string& what) {
  FailureDetails details;
  details.file = path;
  return Failure("FILE", "The mean file '" + path + "' " + what, std::move(details));
}

// The four extents, from whichever of its two forms the message has.
std::vector<std::int64_t> ExtentsOf(const caffe::BlobProto& blob) {
  if (!blob.has_shape()) return {blob.num(), blob.channels(), blob.height(), blob.width()};
  std::vector<std::int64_t> extents(blob.shape().dim().begin(), blob.shape().dim().end());
  while (extents.size() < 4) extents.insert(extents.begin(), 1);
  return extents;
}

bool HoldsOneImage(const std::vector<std::int64_t>& extents, int values) {
  if (extents.size() != 4 || extents[0] != 1) return false;
  std::int64_t count = 1;
  for (const std::int64_t extent : extents) {
    if (extent < 1 || extent > std::numeric_limits<int>::max()) return false;
    count = std::min<std::int64_t>(count * extent, std::int64_t{1} << 31);  // past every possible number of values
  }
  return count == values;
}

}  // namespace

MeanImage ReadMeanFile(const std::string& path) {
  const std::string contents = ReadFile(path);
  caffe::BlobProto blob;
  {
    const google::protobuf::LogSilencer silence;
    if (!blob.ParseFromString(contents)) throw Wrong(path, "is not a binaryproto.");
  }
  const std::vector<std::int64_t> extents = ExtentsOf(blob);
  if (!HoldsOneImage(extents, blob.data_size())) {
    throw Wrong(path, "does not hold one image: its " + std::to_string(blob.data_size()) + " values do not fit its shape.");
  }
  MeanImage mean;
  mean.channels = static_cast<int>(extents[1]);
  mean.height = static_cast<int>(extents[2]);
  mean.width = static_cast<int>(extents[3]);
  mean.values.assign(blob.data().begin(), blob.data().end());
  return mean;
}

}  // namespace caffe_node
