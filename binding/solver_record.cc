#include "solver_record.h"

#include <google/protobuf/unknown_field_set.h>

#include <cstring>
#include <utility>

namespace caffe_node {

namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

enum RecordField { kType = 1, kSeed = 2, kLosses = 3, kData = 4, kFileSize = 5 };
enum DataField { kNet = 1, kLayer = 2, kItem = 3, kDataSeed = 4 };

std::uint32_t BitsOf(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

float FloatOf(std::uint32_t bits) {
  float value = 0;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

void AddPosition(const DataPosition& position, UnknownFieldSet* record) {
  UnknownFieldSet fields;
  fields.AddVarint(kNet, static_cast<std::uint64_t>(position.net));
  fields.AddLengthDelimited(kLayer, position.layer);
  fields.AddVarint(kItem, position.item);
  fields.AddVarint(kDataSeed, position.seed);
  fields.SerializeToString(record->AddLengthDelimited(kData));
}

std::optional<DataPosition> DecodePosition(const std::string& bytes) {
  UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return std::nullopt;
  DataPosition position;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.type() == UnknownField::TYPE_LENGTH_DELIMITED && field.number() == kLayer)
      position.layer = field.length_delimited();
    if (field.type() != UnknownField::TYPE_VARINT) continue;
    if (field.number() == kNet) position.net = static_cast<int>(field.varint());
    if (field.number() == kItem) position.item = field.varint();
    if (field.number() == kDataSeed) position.seed = static_cast<unsigned>(field.varint());
  }
  return position;
}

}  // namespace

std::string Encode(const SolverRecord& record) {
  UnknownFieldSet fields;
  fields.AddLengthDelimited(kType, record.type);
  fields.AddVarint(kSeed, record.seed);
  for (const float loss : record.losses) fields.AddFixed32(kLosses, BitsOf(loss));
  for (const DataPosition& position : record.data) AddPosition(position, &fields);
  fields.AddFixed64(kFileSize, record.file_size);
  std::string bytes;
  fields.SerializeToString(&bytes);
  return bytes;
}

std::optional<SolverRecord> Decode(const std::string& bytes) {
  UnknownFieldSet fields;
  if (!fields.ParseFromString(bytes)) return std::nullopt;
  SolverRecord record;
  bool has_type = false;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    switch (field.type()) {
      case UnknownField::TYPE_VARINT:
        if (field.number() == kSeed) record.seed = static_cast<unsigned>(field.varint());
        break;
      case UnknownField::TYPE_FIXED32:
        if (field.number() == kLosses) record.losses.push_back(FloatOf(field.fixed32()));
        break;
      case UnknownField::TYPE_FIXED64:
        if (field.number() == kFileSize) record.file_size = field.fixed64();
        break;
      case UnknownField::TYPE_LENGTH_DELIMITED:
        if (field.number() == kType) {
          record.type = field.length_delimited();
          has_type = true;
        }
        if (field.number() == kData) {
          std::optional<DataPosition> position = DecodePosition(field.length_delimited());
          if (!position) return std::nullopt;
          record.data.push_back(std::move(*position));
        }
        break;
      default:
        break;  // of a later version
    }
  }
  if (!has_type) return std::nullopt;
  return record;
}

}  // namespace caffe_node
