#include "convert.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "environment.h"
#include "failure.h"

namespace caffe_node {

namespace {

Failure WrongType(const char* what, const char* expected) {
  return Failure("INPUT", std::string(what) + " must be " + expected + ".");
}

// A typed array whose memory is there: not detached, and of the given element type.
template <typename Array>
Array CheckedArray(const Napi::Value& value, napi_typedarray_type type, const char* what, const char* expected) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) throw WrongType(what, expected);
  return value.As<Array>();
}

// Great arrays become JavaScript's as they are; for small ones a copy costs less than that. Where the runtime forbids external
// memory (Electron) all are copied.
Napi::Value NewFloats(Napi::Env env, std::vector<float> values) {
  constexpr std::size_t kGreat = std::size_t{1} << 18;
  const std::size_t count = values.size();
  Environment& environment = Environment::Of(env);
  const bool fits = count <= kMostExternalBytes / sizeof(float);
  if (count >= kGreat && fits && environment.external_memory_allowed()) {
    auto kept = std::make_unique<std::vector<float>>(std::move(values));
    const auto release = [](napi_env, void*, void* hint) {
      const std::unique_ptr<std::vector<float>> owned(static_cast<std::vector<float>*>(hint));
    };
    napi_value buffer = nullptr;
    if (napi_create_external_arraybuffer(env, kept->data(), count * sizeof(float), release, kept.get(), &buffer) == napi_ok) {
      static_cast<void>(kept.release());
      return Napi::Float32Array::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
    }
    environment.ForbidExternalMemory();
    values = std::move(*kept);
  }
  Napi::Float32Array array = Napi::Float32Array::New(env, count);
  if (count > 0) std::memcpy(array.Data(), values.data(), count * sizeof(float));
  return array;
}

}  // namespace

std::string ToString(const Napi::Value& value, const char* what) {
  if (!value.IsString()) throw WrongType(what, "a string");
  return value.As<Napi::String>().Utf8Value();
}

double ToDouble(const Napi::Value& value, const char* what) {
  if (!value.IsNumber()) throw WrongType(what, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int ToInt(const Napi::Value& value, const char* what) {
  const double number = ToDouble(value, what);
  if (!(number >= std::numeric_limits<int>::min() && number <= std::numeric_limits<int>::max()) || number != std::trunc(number)) {
    throw WrongType(what, "an integer below 2^31");
  }
  return static_cast<int>(number);
}

bool ToBool(const Napi::Value& value, const char* what) {
  if (!value.IsBoolean()) throw WrongType(what, "true or false");
  return value.As<Napi::Boolean>().Value();
}

std::vector<std::string> ToStrings(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw WrongType(what, "an array of strings");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> result;
  for (uint32_t i = 0; i < array.Length(); ++i) result.push_back(ToString(array.Get(i), what));
  return result;
}

std::vector<int> ToInts(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw WrongType(what, "an array of integers");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<int> result;
  for (uint32_t i = 0; i < array.Length(); ++i) result.push_back(ToInt(array.Get(i), what));
  return result;
}

std::vector<float> ToFloats(const Napi::Value& value, const char* what) {
  const auto array = CheckedArray<Napi::Float32Array>(value, napi_float32_array, what, "a Float32Array");
  return std::vector<float>(array.Data(), array.Data() + array.ElementLength());
}

std::vector<std::uint8_t> ToBytes(const Napi::Value& value, const char* what) {
  const auto array = CheckedArray<Napi::Uint8Array>(value, napi_uint8_array, what, "a Uint8Array");
  return std::vector<std::uint8_t>(array.Data(), array.Data() + array.ElementLength());
}

TensorData ToTensor(const Napi::Value& value, const char* what) {
  const Napi::Object object = ToObject(value, what);
  TensorData tensor;
  tensor.shape = ToInts(object.Get("shape"), what);
  tensor.data = ToFloats(object.Get("data"), what);
  std::size_t count = 1;
  for (const int extent : tensor.shape) {
    if (extent < 0) throw WrongType(what, "of a shape without negative numbers");
    if (extent > 0 && count > std::numeric_limits<int>::max() / static_cast<std::size_t>(extent)) {
      throw WrongType(what, "of fewer than 2^31 values");
    }
    count *= static_cast<std::size_t>(extent);
  }
  if (count != tensor.data.size()) {
    throw Failure("INPUT", std::string(what) + " has " + std::to_string(tensor.data.size()) + " values; its shape takes " +
                               std::to_string(count) + ".");
  }
  return tensor;
}

Napi::Object ToObject(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) throw WrongType(what, "an object");
  return value.As<Napi::Object>();
}

Napi::Value Property(const Napi::Object& object, const char* name) { return object.Get(name); }

bool Has(const Napi::Object& object, const char* name) { return !Property(object, name).IsUndefined(); }

Napi::Object ToJs(Napi::Env env, TensorData tensor) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("shape", ToJs(env, tensor.shape));
  object.Set("data", NewFloats(env, std::move(tensor.data)));
  return object;
}

Napi::Object ToJs(Napi::Env env, std::vector<NamedTensor> tensors) {
  Napi::Object record = NewRecord(env);
  for (NamedTensor& entry : tensors) record.Set(entry.name, ToJs(env, std::move(entry.tensor)));
  return record;
}

Napi::Array ToJs(Napi::Env env, const std::vector<std::string>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) array.Set(static_cast<uint32_t>(i), values[i]);
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<int>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) array.Set(static_cast<uint32_t>(i), values[i]);
  return array;
}

Napi::Object NewRecord(Napi::Env env) {
  const Napi::Function create = env.Global().Get("Object").As<Napi::Object>().Get("create").As<Napi::Function>();
  return create.Call({env.Null()}).As<Napi::Object>();
}

}  // namespace caffe_node
