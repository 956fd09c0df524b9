// Where the values of the blobs of a binary NetParameter lie, so that they go from the file to where they are wanted: beside them
// a message of weights is small, in the values it is as large as the file.
#ifndef CAFFE_NODE_BLOB_VALUES_H_
#define CAFFE_NODE_BLOB_VALUES_H_

#include <caffe/proto/caffe.pb.h>

#include <cstddef>
#include <string>
#include <vector>

#include "wire_reader.h"

namespace caffe_node {

enum class ValueKind { kData, kDiff };

// The values of one blob of the message.
class BlobValues {
 public:
  // Where its BlobProto lies; what it holds beside the values goes to `rest`. Throws MalformedMessage.
  BlobValues(WireReader* reader, std::size_t begin, std::size_t end, std::string* rest);

  // Of doubles where there are any, as Caffe takes them.
  std::size_t Count(ValueKind kind) const;
  // `to` takes as many. Throws MalformedMessage where the file is no longer what it was.
  void Copy(WireReader* reader, ValueKind kind, float* to) const;

 private:
  struct Counts {
    std::size_t floats = 0;
    std::size_t doubles = 0;
  };

  std::size_t begin_;
  std::size_t end_;
  Counts data_;
  Counts diff_;
};

// A message without the values of the blobs of its layers.
struct CutWeights {
  std::string message;            // binary; each blob has its number among `blobs` for its only double_data
  std::vector<BlobValues> blobs;  // in the order of the file
};

// Of layers of all versions. Throws MalformedMessage; what else is wrong is left in `message`, for protobuf to find.
CutWeights CutValues(WireReader* reader);

}  // namespace caffe_node

#endif  // CAFFE_NODE_BLOB_VALUES_H_
