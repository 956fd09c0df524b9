// A file of weights as it is read: the layers and the shapes of their blobs first, then values, straight to where they go.
#ifndef CAFFE_NODE_WEIGHTS_FILE_H_
#define CAFFE_NODE_WEIGHTS_FILE_H_

#include <caffe/proto/caffe.pb.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "blob_memory.h"
#include "blob_values.h"
#include "read_file.h"
#include "wire_reader.h"

namespace caffe_node {

// A caffemodel (or its HDF5 form): a path, or its bytes.
struct WeightsSource {
  std::string path;
  std::vector<std::uint8_t> bytes;
};

// As it is told of in errors.
std::string NameOf(const WeightsSource& source);

class WeightsFile {
 public:
  // Of any version; the layers are upgraded to today's. Throws FILE, and WEIGHTS for what is no file of weights. The source
  // outlives it.
  explicit WeightsFile(const WeightsSource& source);

  // Their blobs have shapes; what values they have is to be asked of this file.
  const google::protobuf::RepeatedPtrField<caffe::LayerParameter>& layers() const { return weights_.layer(); }
  // Whether there are as many values for one of these blobs as `target` takes, and as many gradients, if any.
  bool Fits(const caffe::BlobProto& blob, const FloatBlob& target) const;
  // Puts values, and gradients if there are any, into a blob that they fit. Throws FILE where reading fails.
  void Read(const caffe::BlobProto& blob, FloatBlob* target);

 private:
  // Null where the message has the values.
  const BlobValues* ValuesOf(const caffe::BlobProto& blob) const;

  const WeightsSource& source_;
  std::optional<InputFile> file_;
  std::optional<WireReader> reader_;
  caffe::NetParameter weights_;
  std::vector<BlobValues> values_;
};

// All of it as one message, values included. Throws as WeightsFile.
caffe::NetParameter ReadWeights(const WeightsSource& source);

}  // namespace caffe_node

#endif  // CAFFE_NODE_WEIGHTS_FILE_H_
