#include "blob_values.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

namespace caffe_node {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "Values are taken as protobuf writes them.");

struct ValueField {
  std::uint64_t number;
  ValueKind kind;
  std::size_t width;
};

constexpr std::array<ValueField, 4> kValueFields{{{caffe::BlobProto::kDataFieldNumber, ValueKind::kData, sizeof(float)},
                                                  {caffe::BlobProto::kDiffFieldNumber, ValueKind::kDiff, sizeof(float)},
                                                  {caffe::BlobProto::kDoubleDataFieldNumber, ValueKind::kData, sizeof(double)},
                                                  {caffe::BlobProto::kDoubleDiffFieldNumber, ValueKind::kDiff, sizeof(double)}}};

// Which values the field of a BlobProto holds: one, or several packed together.
std::optional<ValueField> ValuesIn(const WireField& field) {
  const auto* const known = std::find_if(kValueFields.begin(), kValueFields.end(),
                                         [&](const ValueField& values) { return values.number == field.number; });
  if (known == kValueFields.end()) return std::nullopt;
  if (field.type == (known->width == sizeof(float) ? WireType::kFixed32 : WireType::kFixed64)) return *known;
  if (field.type != WireType::kLengthDelimited) return std::nullopt;
  if ((field.end - field.value) % known->width != 0) throw MalformedMessage("The values of a blob end within one.");
  return *known;
}

void CopyDoubles(WireReader* reader, std::size_t place, std::size_t count, float* to) {
  std::array<double, 1024> doubles{};
  while (count > 0) {
    const std::size_t some = std::min(count, doubles.size());
    reader->Copy(place, some * sizeof(double), doubles.data());
    to = std::transform(doubles.begin(), doubles.begin() + some, to, [](double value) { return static_cast<float>(value); });
    place += some * sizeof(double);
    count -= some;
  }
}

void AppendVarint(std::uint64_t value, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->push_back(static_cast<char>(value | 0x80));
  bytes->push_back(static_cast<char>(value));
}

void AppendText(std::uint64_t field, const std::string& text, std::string* bytes) {
  AppendVarint(field << 3 | static_cast<std::uint64_t>(WireType::kLengthDelimited), bytes);
  AppendVarint(text.size(), bytes);
  *bytes += text;
}

void AppendNumber(std::uint64_t field, double number, std::string* bytes) {
  AppendVarint(field << 3 | static_cast<std::uint64_t>(WireType::kFixed64), bytes);
  const std::size_t size = bytes->size();
  bytes->resize(size + sizeof(number));
  std::memcpy(bytes->data() + size, &number, sizeof(number));
}

class Cutter {
 public:
  explicit Cutter(WireReader* reader) : reader_(reader) {}

  CutWeights Cut() {
    weights_.message = CutNet(0, reader_->size());
    return std::move(weights_);
  }

 private:
  using CutMessage = std::string (Cutter::*)(std::size_t begin, std::size_t end);
  struct Inner {
    std::uint64_t field;
    CutMessage cut;
  };

  std::string CutNet(std::size_t begin, std::size_t end) {
    return CutInner(begin, end,
                    {{caffe::NetParameter::kLayerFieldNumber, &Cutter::CutLayer},
                     {caffe::NetParameter::kLayersFieldNumber, &Cutter::CutV1Layer}});
  }
  std::string CutLayer(std::size_t begin, std::size_t end) {
    return CutInner(begin, end, {{caffe::LayerParameter::kBlobsFieldNumber, &Cutter::CutBlob}});
  }
  std::string CutV1Layer(std::size_t begin, std::size_t end) {
    return CutInner(begin, end,
                    {{caffe::V1LayerParameter::kBlobsFieldNumber, &Cutter::CutBlob},
                     {caffe::V1LayerParameter::kLayerFieldNumber, &Cutter::CutV0Layer}});
  }
  std::string CutV0Layer(std::size_t begin, std::size_t end) {
    return CutInner(begin, end, {{caffe::V0LayerParameter::kBlobsFieldNumber, &Cutter::CutBlob}});
  }
  std::string CutBlob(std::size_t begin, std::size_t end) {
    const auto number = static_cast<double>(weights_.blobs.size());
    std::string blob;
    weights_.blobs.emplace_back(reader_, begin, end, &blob);
    AppendNumber(caffe::BlobProto::kDoubleDataFieldNumber, number, &blob);
    return blob;
  }

  // A message of which some fields are messages to be cut themselves.
  std::string CutInner(std::size_t begin, std::size_t end, const std::vector<Inner>& inner) {
    std::string message;
    for (std::size_t place = begin; place < end;) {
      const WireField field = reader_->FieldAt(place, end);
      place = field.end;
      const auto to_cut = std::find_if(inner.begin(), inner.end(), [&](const Inner& one) { return one.field == field.number; });
      if (field.type == WireType::kLengthDelimited && to_cut != inner.end()) {
        AppendText(field.number, (this->*to_cut->cut)(field.value, field.end), &message);
      } else {
        message += reader_->Text(field.begin, field.end);
      }
    }
    return message;
  }

  WireReader* const reader_;
  CutWeights weights_;
};

}  // namespace

BlobValues::BlobValues(WireReader* reader, std::size_t begin, std::size_t end, std::string* rest) : begin_(begin), end_(end) {
  for (std::size_t place = begin; place < end;) {
    const WireField field = reader->FieldAt(place, end);
    place = field.end;
    const std::optional<ValueField> values = ValuesIn(field);
    if (!values) {
      *rest += reader->Text(field.begin, field.end);
      continue;
    }
    Counts& counts = values->kind == ValueKind::kData ? data_ : diff_;
    (values->width == sizeof(float) ? counts.floats : counts.doubles) += (field.end - field.value) / values->width;
  }
}

std::size_t BlobValues::Count(ValueKind kind) const {
  const Counts& counts = kind == ValueKind::kData ? data_ : diff_;
  return counts.doubles > 0 ? counts.doubles : counts.floats;
}

void BlobValues::Copy(WireReader* reader, ValueKind kind, float* to) const {
  const std::size_t width = (kind == ValueKind::kData ? data_ : diff_).doubles > 0 ? sizeof(double) : sizeof(float);
  std::size_t left = Count(kind);
  for (std::size_t place = begin_; place < end_;) {
    const WireField field = reader->FieldAt(place, end_);
    place = field.end;
    const std::optional<ValueField> values = ValuesIn(field);
    if (!values || values->kind != kind || values->width != width) continue;
    const std::size_t count = (field.end - field.value) / width;
    if (count > left) throw MalformedMessage("There are more values than before.");
    if (width == sizeof(float)) {
      reader->Copy(field.value, count * width, to);
    } else {
      CopyDoubles(reader, field.value, count, to);
    }
    to += count;
    left -= count;
  }
  if (left > 0) throw MalformedMessage("There are fewer values than before.");
}

CutWeights CutValues(WireReader* reader) { return Cutter(reader).Cut(); }

}  // namespace caffe_node
