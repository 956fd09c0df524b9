#include "engine.h"

#include <caffe/caffe.hpp>
#include <utility>

#include "convert.h"
#include "environment.h"
#include "flavour.h"
#include "net_plan.h"
#include "processors.h"

namespace caffe_node {

namespace {

Napi::Object Features(Napi::Env env) {
  Napi::Object features = Napi::Object::New(env);
  features.Set("source", flavour::Source());
  features.Set("blas", flavour::Blas());
  features.Set("recovers", flavour::Recovers());
  features.Set("lmdb", flavour::HasLmdb());
  features.Set("leveldb", flavour::HasLevelDb());
  features.Set("hdf5", flavour::HasHdf5());
  features.Set("cuda", flavour::HasCuda());
  features.Set("opencl", flavour::HasOpenCl());
  const EngineFeatures engine = DetectEngine();
  features.Set("onednn", !engine.version.empty());
  features.Set("bf16", engine.bf16);
  features.Set("amx", engine.amx);
  return features;
}

int PositiveInt(const Napi::CallbackInfo& info, const char* what) {
  const int value = ToInt(info[0], what);
  if (value < 1 || value > 1024) {
    throw Failure("INPUT", std::string(what) + " must lie between 1 and 1024; " + std::to_string(value) + " was given.");
  }
  return value;
}

Napi::Value Initialize(const Napi::CallbackInfo& info) {
  const Napi::Object classes = info[0].As<Napi::Object>();
  Environment& environment = Environment::Of(info.Env());
  environment.SetErrorClass(classes.Get("CaffeError").As<Napi::Function>());
  environment.enter_callback = Napi::Persistent(classes.Get("enterCallback").As<Napi::Function>());
  environment.current_callback = Napi::Persistent(classes.Get("currentCallback").As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Value SetLayerHost(const Napi::CallbackInfo& info) {
  Environment::Of(info.Env()).create_layer = Napi::Persistent(info[0].As<Napi::Function>());
  return info.Env().Undefined();
}

Napi::Value LayerTypes(const Napi::CallbackInfo& info) { return ToJs(info.Env(), caffe::LayerRegistry<float>::LayerTypeList()); }

Napi::Value SetThreads(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment::Of(info.Env()).executor().settings().threads = PositiveInt(info, "The number of threads");
    return info.Env().Undefined();
  });
}

Napi::Value Threads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info.Env()).executor().settings().threads);
}

Napi::Value Lanes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), Environment::Of(info.Env()).executor().lanes());
}

// Of a machine whose root folder is given, with these processors: for tests.
Napi::Value UsableCoresOf(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), UsableCores(ToInts(info[0], "Processors"), ToString(info[1], "A root folder")));
  });
}

Napi::Value SetLanes(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment::Of(info.Env()).executor().SetLanes(PositiveInt(info, "The number of lanes"));
    return info.Env().Undefined();
  });
}

Napi::Value SetRandomSeed(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const double seed = ToDouble(info[0], "A random seed");
    if (!(seed >= 0 && seed <= 4294967295.0)) throw Failure("INPUT", "A random seed must lie between 0 and 2^32 - 1.");
    Environment::Of(info.Env()).SetSeed(static_cast<unsigned>(seed));
    return info.Env().Undefined();
  });
}

Napi::Value SetGpu(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    std::optional<int>& gpu = Environment::Of(info.Env()).executor().settings().gpu;
    gpu.reset();
    if (!info[0].IsNull()) gpu = ToInt(info[0], "A device");
    return info.Env().Undefined();
  });
}

class DevicesJob final : public Job {
 public:
  void Execute(const StopFlag&) override { devices_ = flavour::Devices(); }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Array devices = Napi::Array::New(env);
    for (const flavour::Device& device : devices_) {
      Napi::Object facts = Napi::Object::New(env);
      facts.Set("index", device.index);
      facts.Set("name", device.name);
      facts.Set("memory", static_cast<double>(device.memory));
      devices.Set(devices.Length(), facts);
    }
    return devices;
  }

 private:
  std::vector<flavour::Device> devices_;
};

Napi::Value Devices(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Executor& executor = Environment::Of(info.Env()).executor();
    return executor.Post(executor.FileLane(), std::make_unique<DevicesJob>());
  });
}

Napi::Value SetLogListener(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment::Of(info.Env()).SetLogListener(info[0], ToInt(info[1], "The lowest severity"));
    return info.Env().Undefined();
  });
}

}  // namespace

void RegisterEngine(Napi::Env env, Napi::Object exports) {
  exports.Set("version", flavour::Version());
  exports.Set("features", Features(env));
  exports.Set("initialize", Napi::Function::New(env, Initialize));
  exports.Set("setLayerHost", Napi::Function::New(env, SetLayerHost));
  exports.Set("layerTypes", Napi::Function::New(env, LayerTypes));
  exports.Set("setThreads", Napi::Function::New(env, SetThreads));
  exports.Set("setLanes", Napi::Function::New(env, SetLanes));
  exports.Set("threads", Napi::Function::New(env, Threads));
  exports.Set("lanes", Napi::Function::New(env, Lanes));
  exports.Set("usableCores", Napi::Function::New(env, UsableCoresOf));
  exports.Set("setGpu", Napi::Function::New(env, SetGpu));
  exports.Set("devices", Napi::Function::New(env, Devices));
  exports.Set("setRandomSeed", Napi::Function::New(env, SetRandomSeed));
  exports.Set("setLogListener", Napi::Function::New(env, SetLogListener));
}

}  // namespace caffe_node
