// Checked conversions between JS values and plain C++ data. Wrong types are refused here for memory safety; lib/ has refused them
// before with a better message.
#ifndef CAFFE_NODE_CONVERT_H_
#define CAFFE_NODE_CONVERT_H_

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace caffe_node {

// The most bytes that Node makes an array of without a copy (its buffer.constants.MAX_LENGTH, 2^32 in Node 20). Asked for more,
// it calls the finalizer and fails: what was to be handed over would be freed twice.
constexpr std::size_t kMostExternalBytes = std::size_t{1} << 32;

struct TensorData {
  std::vector<int> shape;
  std::vector<float> data;
};
struct NamedTensor {
  std::string name;
  TensorData tensor;
};

// Each throws Failure INPUT, naming `what`, when the value is of another type.
std::string ToString(const Napi::Value& value, const char* what);
int ToInt(const Napi::Value& value, const char* what);
double ToDouble(const Napi::Value& value, const char* what);
bool ToBool(const Napi::Value& value, const char* what);
std::vector<std::string> ToStrings(const Napi::Value& value, const char* what);
std::vector<int> ToInts(const Napi::Value& value, const char* what);
std::vector<float> ToFloats(const Napi::Value& value, const char* what);        // a Float32Array, copied
std::vector<std::uint8_t> ToBytes(const Napi::Value& value, const char* what);  // a Uint8Array, copied
TensorData ToTensor(const Napi::Value& value, const char* what);                // { shape, data }; the counts must agree
Napi::Object ToObject(const Napi::Value& value, const char* what);
// The property, or undefined.
Napi::Value Property(const Napi::Object& object, const char* name);
bool Has(const Napi::Object& object, const char* name);  // present and not undefined

// The data is moved into memory that JS owns.
Napi::Object ToJs(Napi::Env env, TensorData tensor);
Napi::Object ToJs(Napi::Env env, std::vector<NamedTensor> tensors);  // a record without prototype
Napi::Array ToJs(Napi::Env env, const std::vector<std::string>& values);
Napi::Array ToJs(Napi::Env env, const std::vector<int>& values);
// A record without prototype: names from a file are keys like any other.
Napi::Object NewRecord(Napi::Env env);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CONVERT_H_
