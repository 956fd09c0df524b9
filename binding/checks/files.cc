#include "files.h"

#include <caffe/proto/caffe.pb.h>
#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "../model.h"
#include "refusal.h"
#include "shapes.h"

namespace caffe_node {

namespace {

Failure Wrong(const std::string& path, const std::string& what, const std::string& hint) {
  FailureDetails details;
  details.file = path;
  details.hint = hint;
  return Failure("FILE", "'" + path + "' " + what + ".", std::move(details));
}

std::int64_t CountOf(const caffe::BlobProto& blob) {
  std::int64_t count = 1;
  if (blob.has_num() || blob.has_channels() || blob.has_height() || blob.has_width()) {
    for (const std::int64_t extent : {blob.num(), blob.channels(), blob.height(), blob.width()}) {
      count = extent < 0 ? -1 : Times(count, extent);
    }
    return count;
  }
  for (const std::int64_t extent : blob.shape().dim()) {
    if (extent < 0) return -1;
    count = Times(count, extent);
  }
  return count;
}

}  // namespace

void CheckBlobFile(const std::string& path) {
  const std::string contents = ReadFile(path);
  const google::protobuf::LogSilencer silence;
  caffe::BlobProto blob;
  if (!blob.ParseFromString(contents)) throw Wrong(path, "is not a binaryproto", "Write it as a BlobProto.");
  const int values = blob.double_data_size() > 0 ? blob.double_data_size() : blob.data_size();
  if (values > 0 && CountOf(blob) == values) return;
  throw Wrong(path, "holds " + std::to_string(values) + " values, which do not fit its shape", "Write it afresh as a BlobProto.");
}

void CheckRegularFile(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0)
    throw Wrong(path, std::string("cannot be read: ") + std::strerror(errno), "Check the path.");
  if (!S_ISREG(status.st_mode)) throw Wrong(path, "is not a file", "Give the path of a regular file.");
}

}  // namespace caffe_node
