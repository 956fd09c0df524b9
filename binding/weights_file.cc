#include "weights_file.h"

#include <algorithm>
#include <caffe/common.hpp>
#include <caffe/util/upgrade_proto.hpp>
#include <limits>
#include <string_view>
#include <utility>

#include "checks/network.h"
#include "failure_exception.h"
#include "hdf5_file.h"

namespace caffe_node {

namespace {

Failure NotWeights(const WeightsSource& source, const std::string& what, const std::string& hint) {
  FailureDetails details;
  details.file = source.path;
  details.hint = hint;
  return Failure("WEIGHTS", NameOf(source) + what, std::move(details));
}

Failure NoCaffemodel(const WeightsSource& source, std::size_t size) {
  return NotWeights(source, " (" + std::to_string(size) + " bytes) is no caffemodel, or a truncated one.",
                    "Fetch the file again and compare its size and checksum with the publisher's.");
}

std::string_view BytesOf(const WeightsSource& source) {
  return {reinterpret_cast<const char*>(source.bytes.data()), source.bytes.size()};
}

void Parse(const WeightsSource& source, std::string_view message, std::size_t size, caffe::NetParameter* weights) {
  if (message.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !weights->ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    throw NoCaffemodel(source, size);
  }
}

void Upgrade(const WeightsSource& source, caffe::NetParameter* weights) {
  CheckInputFields(*weights);
  if (!caffe::UpgradeNetAsNeeded(source.path, weights)) {
    throw NotWeights(source, " is of an old format that Caffe could not upgrade.",
                     "Convert it with Caffe's upgrade_net_proto_binary.");
  }
  if (weights->layer_size() == 0) throw NotWeights(source, " holds no layers.", "Give a .caffemodel file.");
}

}  // namespace

std::string NameOf(const WeightsSource& source) { return source.path.empty() ? "The weights" : "'" + source.path + "'"; }

WeightsFile::WeightsFile(const WeightsSource& source) : source_(source) {
  if (source.path.empty()) {
    reader_.emplace(BytesOf(source));
  } else {
    reader_.emplace(file_.emplace(source.path));
  }
  if (IsHdf5(reader_->Text(0, std::min(reader_->size(), std::size_t{8})))) {
    weights_ = ReadWeights(source);
    return;
  }
  try {
    CutWeights cut = CutValues(&*reader_);
    values_ = std::move(cut.blobs);
    Parse(source, cut.message, reader_->size(), &weights_);
  } catch (const MalformedMessage&) {
    throw NoCaffemodel(source, reader_->size());
  }
  Upgrade(source, &weights_);
}

const BlobValues* WeightsFile::ValuesOf(const caffe::BlobProto& blob) const {
  return values_.empty() ? nullptr : &values_.at(static_cast<std::size_t>(blob.double_data(0)));
}

bool WeightsFile::Fits(const caffe::BlobProto& blob, const FloatBlob& target) const {
  const auto wanted = static_cast<std::size_t>(target.count());
  const BlobValues* const values = ValuesOf(blob);
  if (values == nullptr) return static_cast<std::size_t>(blob.data_size()) == wanted;
  const std::size_t gradients = values->Count(ValueKind::kDiff);
  return values->Count(ValueKind::kData) == wanted && (gradients == 0 || gradients == wanted);
}

void WeightsFile::Read(const caffe::BlobProto& blob, FloatBlob* target) {
  const BlobValues* const values = ValuesOf(blob);
  if (values == nullptr) return target->FromProto(blob, false);
  try {
    values->Copy(&*reader_, ValueKind::kData, target->mutable_cpu_data());
    if (values->Count(ValueKind::kDiff) > 0) values->Copy(&*reader_, ValueKind::kDiff, target->mutable_cpu_diff());
  } catch (const MalformedMessage&) {
    FailureDetails details;
    details.file = source_.path;
    details.hint = "Load the weights again when nothing writes to the file.";
    throw Failure("FILE", NameOf(source_) + " changed while it was read.", std::move(details));
  }
}

caffe::NetParameter ReadWeights(const WeightsSource& source) {
  const std::string file = source.path.empty() ? std::string() : ReadFile(source.path);
  const std::string_view bytes = source.path.empty() ? BytesOf(source) : std::string_view(file);
  if (IsHdf5(bytes)) return ReadHdf5Weights(bytes, source.path);
  caffe::NetParameter weights;
  Parse(source, bytes, bytes.size(), &weights);
  Upgrade(source, &weights);
  return weights;
}

}  // namespace caffe_node
