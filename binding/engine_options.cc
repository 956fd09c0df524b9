#include "engine_options.h"

#include "convert.h"
#include "failure.h"

namespace caffe_node {

namespace {

EngineChoice ToChoice(const std::string& name) {
  if (name == "caffe") return EngineChoice::kCaffe;
  if (name == "onednn") return EngineChoice::kOneDnn;
  if (name == "auto") return EngineChoice::kAuto;
  if (name == "trust") return EngineChoice::kTrust;
  throw Failure("INPUT", "'" + name + "' is no engine.");
}

Precision ToPrecision(const std::string& name) {
  if (name == "f32") return Precision::kF32;
  if (name == "bf16") return Precision::kBf16;
  throw Failure("INPUT", "'" + name + "' is no precision.");
}

}  // namespace

EngineOptions ToEngineOptions(const Napi::Value& value) {
  const Napi::Object object = ToObject(value, "An engine");
  EngineOptions options;
  options.choice = ToChoice(ToString(object.Get("name"), "The engine"));
  options.precision = ToPrecision(ToString(object.Get("precision"), "The precision"));
  options.release_originals = ToBool(object.Get("releaseOriginals"), "releaseOriginals");
  options.cache = ToString(object.Get("cache"), "The cache of the engine");
  return options;
}

}  // namespace caffe_node
