// A caffemodel without its values, as protobuf reads it, and the values: as many, and the same, as protobuf finds in the whole.
#include <caffe/proto/caffe.pb.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "blob_values.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Compare(caffe_node::WireReader* reader, const caffe_node::BlobValues& values, caffe_node::ValueKind kind,
             const google::protobuf::RepeatedField<float>& floats, const google::protobuf::RepeatedField<double>& doubles) {
  const std::vector<float> expected =
      doubles.empty() ? std::vector<float>(floats.begin(), floats.end()) : std::vector<float>(doubles.begin(), doubles.end());
  std::vector<float> found(values.Count(kind));
  values.Copy(reader, kind, found.data());
  Require(found.size() == expected.size());
  Require(found.empty() || std::memcmp(found.data(), expected.data(), found.size() * sizeof(float)) == 0);
}

template <typename Layer>
void CompareBlobs(caffe_node::WireReader* reader, const caffe_node::CutWeights& cut, const Layer& whole, const Layer& bare) {
  Require(whole.blobs_size() == bare.blobs_size());
  for (int i = 0; i < whole.blobs_size(); ++i) {
    const caffe::BlobProto& blob = whole.blobs(i);
    Require(bare.blobs(i).double_data_size() == 1 && bare.blobs(i).data_size() == 0);
    const caffe_node::BlobValues& values = cut.blobs.at(static_cast<std::size_t>(bare.blobs(i).double_data(0)));
    Compare(reader, values, caffe_node::ValueKind::kData, blob.data(), blob.double_data());
    Compare(reader, values, caffe_node::ValueKind::kDiff, blob.diff(), blob.double_diff());
  }
}

void Check(std::string_view bytes) {
  caffe::NetParameter whole;
  const bool is_message = whole.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  caffe_node::WireReader reader(bytes);
  caffe::NetParameter bare;
  caffe_node::CutWeights cut;
  try {
    cut = caffe_node::CutValues(&reader);
  } catch (const caffe_node::MalformedMessage&) {
    return Require(!is_message);
  }
  Require(bare.ParseFromArray(cut.message.data(), static_cast<int>(cut.message.size())) == is_message);
  if (!is_message) return;
  Require(whole.layer_size() == bare.layer_size() && whole.layers_size() == bare.layers_size());
  for (int i = 0; i < whole.layer_size(); ++i) CompareBlobs(&reader, cut, whole.layer(i), bare.layer(i));
  for (int i = 0; i < whole.layers_size(); ++i) {
    CompareBlobs(&reader, cut, whole.layers(i), bare.layers(i));
    CompareBlobs(&reader, cut, whole.layers(i).layer(), bare.layers(i).layer());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Check(fuzz::View(data, size));
  return 0;
}
