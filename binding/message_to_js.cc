#include "message_to_js.h"

#include <caffe/proto/caffe.pb.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

#include "convert.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr int kSingular = -1;

// One value of a message: a singular field, or one element of a repeated one.
class Slot {
 public:
  Slot(const pb::Message& message, const Field& field, int index = kSingular)
      : message_(message), reflection_(*message.GetReflection()), field_(field), index_(index) {}

  const Field& field() const { return field_; }

  template <typename Value>
  using Getter = Value (pb::Reflection::*)(const pb::Message&, const Field*) const;
  template <typename Value>
  using ElementGetter = Value (pb::Reflection::*)(const pb::Message&, const Field*, int) const;

  template <typename Value>
  Value Get(Getter<Value> single, ElementGetter<Value> element) const {
    return index_ == kSingular ? (reflection_.*single)(message_, &field_) : (reflection_.*element)(message_, &field_, index_);
  }

  const pb::Message& Message() const {
    return index_ == kSingular ? reflection_.GetMessage(message_, &field_)
                               : reflection_.GetRepeatedMessage(message_, &field_, index_);
  }

 private:
  const pb::Message& message_;
  const pb::Reflection& reflection_;
  const Field& field_;
  const int index_;
};

// The shortest decimal that reads back as the same float: what the file says, 0.1, and not 0.10000000149011612.
double ShortestDouble(float value) {
  char digits[32];
  const std::to_chars_result written = std::to_chars(digits, digits + sizeof(digits), value);
  double result = value;
  std::from_chars(digits, written.ptr, result);
  return result;
}

Napi::Value BytesToJs(Napi::Env env, const std::string& bytes) {
  auto array = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(array.Data(), bytes.data(), bytes.size());
  return array;
}

Napi::Value ToJs(Napi::Env env, const Slot& slot) {
  using R = pb::Reflection;
  switch (slot.field().cpp_type()) {
    case Field::CPPTYPE_INT32:
      return Napi::Number::New(env, slot.Get(&R::GetInt32, &R::GetRepeatedInt32));
    case Field::CPPTYPE_INT64:
      return Napi::Number::New(env, static_cast<double>(slot.Get(&R::GetInt64, &R::GetRepeatedInt64)));
    case Field::CPPTYPE_UINT32:
      return Napi::Number::New(env, slot.Get(&R::GetUInt32, &R::GetRepeatedUInt32));
    case Field::CPPTYPE_UINT64:
      return Napi::Number::New(env, static_cast<double>(slot.Get(&R::GetUInt64, &R::GetRepeatedUInt64)));
    case Field::CPPTYPE_FLOAT:
      return Napi::Number::New(env, ShortestDouble(slot.Get(&R::GetFloat, &R::GetRepeatedFloat)));
    case Field::CPPTYPE_DOUBLE:
      return Napi::Number::New(env, slot.Get(&R::GetDouble, &R::GetRepeatedDouble));
    case Field::CPPTYPE_BOOL:
      return Napi::Boolean::New(env, slot.Get(&R::GetBool, &R::GetRepeatedBool));
    case Field::CPPTYPE_ENUM:
      return Napi::String::New(env, slot.Get(&R::GetEnum, &R::GetRepeatedEnum)->name());
    case Field::CPPTYPE_STRING: {
      const std::string text = slot.Get(&R::GetString, &R::GetRepeatedString);
      if (slot.field().type() == Field::TYPE_BYTES) return BytesToJs(env, text);
      return Napi::String::New(env, text);  // what is no UTF-8 becomes U+FFFD
    }
    case Field::CPPTYPE_MESSAGE:
      return MessageToJs(env, slot.Message());
  }
  return env.Undefined();
}

template <typename Value>
Napi::Value NumbersToJs(Napi::Env env, const pb::RepeatedField<Value>& values) {
  auto array = Napi::TypedArrayOf<Value>::New(env, static_cast<std::size_t>(values.size()));
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

// The numbers of a blob are nearly all the bytes of a weights file; reflection would visit them one by one.
Napi::Value NumbersToJs(Napi::Env env, const caffe::BlobProto& blob, const Field& field) {
  switch (field.number()) {
    case caffe::BlobProto::kDataFieldNumber:
      return NumbersToJs(env, blob.data());
    case caffe::BlobProto::kDiffFieldNumber:
      return NumbersToJs(env, blob.diff());
    case caffe::BlobProto::kDoubleDataFieldNumber:
      return NumbersToJs(env, blob.double_data());
    default:
      return NumbersToJs(env, blob.double_diff());
  }
}

Napi::Value RepeatedToJs(Napi::Env env, const pb::Message& message, const Field& field) {
  if (const auto* blob = dynamic_cast<const caffe::BlobProto*>(&message)) return NumbersToJs(env, *blob, field);
  if (const auto* datum = dynamic_cast<const caffe::Datum*>(&message)) return NumbersToJs(env, datum->float_data());
  const int count = message.GetReflection()->FieldSize(message, &field);
  const Napi::Array array = Napi::Array::New(env, static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const Napi::HandleScope scope(env);  // a message can have millions of elements
    array.Set(static_cast<uint32_t>(i), ToJs(env, Slot(message, field, i)));
  }
  return array;
}

}  // namespace

Napi::Object MessageToJs(Napi::Env env, const pb::Message& message) {
  std::vector<const Field*> fields;
  message.GetReflection()->ListFields(message, &fields);
  Napi::Object object = NewRecord(env);
  for (const Field* field : fields) {
    object.Set(field->name(), field->is_repeated() ? RepeatedToJs(env, message, *field) : ToJs(env, Slot(message, *field)));
  }
  return object;
}

}  // namespace caffe_node
