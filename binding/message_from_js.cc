#include "message_from_js.h"

#include <caffe/proto/caffe.pb.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "failure.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

constexpr int kSingular = -1;
constexpr double kMaxSafeInteger = 9007199254740991;  // 2^53 - 1, as in JavaScript

// Where we are in the object, for error messages; a chain on the stack, written out only when something is wrong.
struct Place {
  const Place* parent;
  const std::string& name;  // of the field, or of the message type at the root
  int index = kSingular;

  std::string Text() const {
    const std::string own = index == kSingular ? name : name + "[" + std::to_string(index) + "]";
    return parent == nullptr ? own : parent->Text() + "." + own;
  }
};

Failure Wrong(const Place& place, const std::string& what, const std::string& hint = "") {
  FailureDetails details;
  details.hint = hint;
  return Failure("PROTOTXT", place.Text() + " " + what, std::move(details));
}

// How many letters have to be inserted, removed or replaced to get from one word to the other (Levenshtein).
std::size_t EditDistance(const std::string& from, const std::string& to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t replaced = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

const std::string& NearestField(const pb::Descriptor& type, const std::string& name) {
  const std::string given = name.substr(0, 64);  // no field's name is longer
  int nearest = 0;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (int i = 0; i < type.field_count(); ++i) {
    const std::size_t distance = EditDistance(given, type.field(i)->name());
    if (distance < least) {
      least = distance;
      nearest = i;
    }
  }
  return type.field(nearest)->name();
}

double ToNumber(const Napi::Value& value, const Place& place) {
  if (!value.IsNumber()) throw Wrong(place, "must be a number.");
  return value.As<Napi::Number>().DoubleValue();
}

template <typename Integer>
Integer ToInteger(const Napi::Value& value, const Place& place) {
  // 64-bit fields take what a JS number holds exactly.
  const double lowest = std::max(static_cast<double>(std::numeric_limits<Integer>::min()), -kMaxSafeInteger);
  const double highest = std::min(static_cast<double>(std::numeric_limits<Integer>::max()), kMaxSafeInteger);
  const double number = ToNumber(value, place);
  if (!(number >= lowest && number <= highest) || number != std::trunc(number)) {
    throw Wrong(place, "must be an integer from " + std::to_string(static_cast<Integer>(lowest)) + " to " +
                           std::to_string(static_cast<Integer>(highest)) + ".");
  }
  return static_cast<Integer>(number);
}

// Half a step above the greatest float. The decimal that stands for that one, 3.4028235e38, lies between the two.
constexpr double kRoundsToInfinity = 0x1.ffffffp+127;

float ToFloat(const Napi::Value& value, const Place& place) {
  const double number = ToNumber(value, place);
  if (std::isfinite(number) && std::abs(number) >= kRoundsToInfinity) throw Wrong(place, "is too large for a float.");
  return static_cast<float>(number);
}

bool ToBoolean(const Napi::Value& value, const Place& place) {
  if (!value.IsBoolean()) throw Wrong(place, "must be true or false.");
  return value.As<Napi::Boolean>().Value();
}

const pb::EnumValueDescriptor* ToEnum(const Napi::Value& value, const Field& field, const Place& place) {
  const pb::EnumDescriptor& type = *field.enum_type();
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) names += (i == 0 ? "'" : ", '") + type.value(i)->name() + "'";
  if (!value.IsString()) throw Wrong(place, "must be a string: one of " + names + ".");
  const std::string name = value.As<Napi::String>().Utf8Value();
  const pb::EnumValueDescriptor* found = type.FindValueByName(name);
  if (found == nullptr) throw Wrong(place, "must not be '" + name + "'.", "Its values are: " + names + ".");
  return found;
}

std::string ToBytes(const Napi::Value& value, const Place& place) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    throw Wrong(place, "must be a Uint8Array.");
  }
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(bytes.Data(), bytes.Data() + bytes.ElementLength());
}

std::string ToText(const Napi::Value& value, const Field& field, const Place& place) {
  if (field.type() == Field::TYPE_BYTES) return ToBytes(value, place);
  if (!value.IsString()) throw Wrong(place, "must be a string.");
  return value.As<Napi::String>().Utf8Value();
}

void Fill(const Napi::Object& object, const Place& place, pb::Message* message);

// Sets a singular field, or adds one element to a repeated one.
class Slot {
 public:
  Slot(pb::Message* message, const Field& field) : message_(message), reflection_(*message->GetReflection()), field_(field) {}

  const Field& field() const { return field_; }

  template <typename Value>
  using Setter = void (pb::Reflection::*)(pb::Message*, const Field*, Value) const;

  template <typename Value>
  void Put(Setter<Value> set, Setter<Value> add, Value value) const {
    (reflection_.*(field_.is_repeated() ? add : set))(message_, &field_, std::move(value));
  }

  pb::Message* NewMessage() const {
    return field_.is_repeated() ? reflection_.AddMessage(message_, &field_) : reflection_.MutableMessage(message_, &field_);
  }

 private:
  pb::Message* const message_;
  const pb::Reflection& reflection_;
  const Field& field_;
};

void PutValue(const Napi::Value& value, const Place& place, const Slot& slot) {
  using R = pb::Reflection;
  switch (slot.field().cpp_type()) {
    case Field::CPPTYPE_INT32:
      return slot.Put(&R::SetInt32, &R::AddInt32, ToInteger<int32_t>(value, place));
    case Field::CPPTYPE_INT64:
      return slot.Put(&R::SetInt64, &R::AddInt64, ToInteger<int64_t>(value, place));
    case Field::CPPTYPE_UINT32:
      return slot.Put(&R::SetUInt32, &R::AddUInt32, ToInteger<uint32_t>(value, place));
    case Field::CPPTYPE_UINT64:
      return slot.Put(&R::SetUInt64, &R::AddUInt64, ToInteger<uint64_t>(value, place));
    case Field::CPPTYPE_FLOAT:
      return slot.Put(&R::SetFloat, &R::AddFloat, ToFloat(value, place));
    case Field::CPPTYPE_DOUBLE:
      return slot.Put(&R::SetDouble, &R::AddDouble, ToNumber(value, place));
    case Field::CPPTYPE_BOOL:
      return slot.Put(&R::SetBool, &R::AddBool, ToBoolean(value, place));
    case Field::CPPTYPE_ENUM:
      return slot.Put(&R::SetEnum, &R::AddEnum, ToEnum(value, slot.field(), place));
    case Field::CPPTYPE_STRING:
      return slot.Put(&R::SetString, &R::AddString, ToText(value, slot.field(), place));
    case Field::CPPTYPE_MESSAGE:
      if (!value.IsObject() || value.IsArray() || value.IsTypedArray()) throw Wrong(place, "must be an object.");
      return Fill(value.As<Napi::Object>(), place, slot.NewMessage());
  }
}

// Numbers in one piece, when the array is of the field's own kind: they are nearly all the bytes of a weights file.
bool PutFloats(const Napi::Value& value, pb::RepeatedField<float>* floats) {
  if (value.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) return false;
  const auto array = value.As<Napi::Float32Array>();
  floats->Add(array.Data(), array.Data() + array.ElementLength());
  return true;
}

bool PutDoubles(const Napi::Value& value, pb::RepeatedField<double>* doubles) {
  if (value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) return false;
  const auto array = value.As<Napi::Float64Array>();
  doubles->Add(array.Data(), array.Data() + array.ElementLength());
  return true;
}

bool PutNumbers(const Napi::Value& value, const Field& field, caffe::BlobProto* blob) {
  switch (field.number()) {
    case caffe::BlobProto::kDataFieldNumber:
      return PutFloats(value, blob->mutable_data());
    case caffe::BlobProto::kDiffFieldNumber:
      return PutFloats(value, blob->mutable_diff());
    case caffe::BlobProto::kDoubleDataFieldNumber:
      return PutDoubles(value, blob->mutable_double_data());
    case caffe::BlobProto::kDoubleDiffFieldNumber:
      return PutDoubles(value, blob->mutable_double_diff());
    default:
      return false;
  }
}

void PutRepeated(const Napi::Value& value, const Place& place, pb::Message* message, const Field& field) {
  if (!value.IsArray() && !value.IsTypedArray()) throw Wrong(place, "must be an array: the field is repeated.");
  const std::size_t count = value.IsArray() ? value.As<Napi::Array>().Length() : value.As<Napi::TypedArray>().ElementLength();
  if (count > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Wrong(place, "has too many elements for a message.");
  if (value.IsTypedArray()) {
    auto* const blob = dynamic_cast<caffe::BlobProto*>(message);
    if (blob != nullptr && PutNumbers(value, field, blob)) return;
    auto* const datum = dynamic_cast<caffe::Datum*>(message);
    if (datum != nullptr && PutFloats(value, datum->mutable_float_data())) return;
  }
  const auto elements = value.As<Napi::Object>();
  const Slot slot(message, field);
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const Napi::HandleScope scope(value.Env());
    PutValue(elements.Get(static_cast<uint32_t>(i)), Place{place.parent, place.name, i}, slot);
  }
}

Napi::Array OwnNames(const Napi::Object& object) {
  napi_value names = nullptr;
  const napi_status status = napi_get_all_property_names(
      object.Env(), object, napi_key_own_only, static_cast<napi_key_filter>(napi_key_enumerable | napi_key_skip_symbols),
      napi_key_numbers_to_strings, &names);
  if (status != napi_ok) throw Napi::Error::New(object.Env());  // the exception of a proxy
  return Napi::Array(object.Env(), names);
}

// As deep as caffe.proto, which has no recursive type: an object that contains itself ends at a field that is unknown.
void Fill(const Napi::Object& object, const Place& place, pb::Message* message) {
  const pb::Descriptor& type = *message->GetDescriptor();
  const Napi::Array names = OwnNames(object);
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).As<Napi::String>().Utf8Value();
    const Napi::Value value = object.Get(name);
    if (value.IsUndefined()) continue;
    const Field* field = type.FindFieldByName(name);
    if (field == nullptr) {
      throw Wrong(place, "has no field '" + name + "'; it is a " + type.name() + ".",
                  "Did you mean '" + NearestField(type, name) + "'?");
    }
    const Place inside{&place, field->name()};
    if (field->is_repeated()) {
      PutRepeated(value, inside, message, *field);
    } else {
      PutValue(value, inside, Slot(message, *field));
    }
  }
}

}  // namespace

void MessageFromJs(const Napi::Object& object, pb::Message* message) {
  const Place root{nullptr, message->GetDescriptor()->name()};
  Fill(object, root, message);
  if (!message->IsInitialized()) throw Wrong(root, "lacks " + message->InitializationErrorString() + ".");
}

}  // namespace caffe_node
