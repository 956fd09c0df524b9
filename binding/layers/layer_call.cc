#include "layer_call.h"

#include <cstring>
#include <numeric>
#include <utility>

#include "../blob.h"
#include "../convert.h"
#include "../environment.h"
#include "../failure.h"
#include "../memory_check.h"
#include "../wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x7c40e9b25d1f4a38, 0x8f16d2a7039be5c4};

Failure NotAllowed(const char* code, const std::string& layer, const std::string& message, const std::string& hint) {
  FailureDetails details;
  details.layer = layer;
  details.hint = hint;
  return Failure(code, "Layer '" + layer + "': " + message, std::move(details));
}

void RequireMemory(const std::vector<int>& shape) {
  const std::int64_t bytes = std::accumulate(shape.begin(), shape.end(), static_cast<std::int64_t>(sizeof(float)),
                                             [](std::int64_t product, int extent) { return product * extent; });
  MemoryBudget("A blob of shape " + ShapeText(shape)).Spend(bytes);
}

}  // namespace

LayerCall::LayerCall(std::string layer, LayerMethod method, LayerBlobs blobs, std::shared_ptr<MainCall> call)
    : layer_(std::move(layer)), method_(method), blobs_(std::move(blobs)), call_(std::move(call)) {}

void LayerCall::RequireOpen() const {
  if (call_->open()) return;
  throw NotAllowed("BUSY", layer_, "the call that this blob was given to is over.",
                   "Use the blobs of a layer inside its methods only; an async method until its promise settles.");
}

int LayerCall::Count(const std::string& list) const {
  RequireOpen();
  const std::size_t count = list == "bottoms" ? blobs_.bottoms.size()
                            : list == "tops"  ? blobs_.tops.size()
                                              : blobs_.params->size();
  return static_cast<int>(count);
}

FloatBlob& LayerCall::At(const std::string& list, int index) const {
  if (index < 0 || index >= Count(list)) {
    throw NotAllowed("INPUT", layer_, "there is no " + std::to_string(index) + " in its " + list + ".", "");
  }
  const auto i = static_cast<std::size_t>(index);
  return list == "bottoms" ? *blobs_.bottoms[i] : list == "tops" ? *blobs_.tops[i] : *(*blobs_.params)[i];
}

Napi::Value LayerCall::View(Napi::Env env, const std::string& list, int index, Part part) {
  FloatBlob& blob = At(list, index);
  const auto count = static_cast<std::size_t>(blob.count());
  if (count == 0) return Napi::Float32Array::New(env, 0);
  float* const values = part == Part::kData ? blob.mutable_cpu_data() : blob.mutable_cpu_diff();
  for (const Handed& handed : views_) {
    if (handed.values == values && handed.count == count) return handed.array->Get();
  }
  const boost::shared_ptr<caffe::SyncedMemory> memory = part == Part::kData ? blob.data() : blob.diff();
  const Napi::Float32Array view = NewView(env, memory, values, count);
  views_.push_back({memory, values, count, std::make_shared<KeptValue>(Environment::Of(env).executor().main(), view)});
  return view;
}

void LayerCall::Reshape(const std::string& list, int index, const std::vector<int>& shape) {
  FloatBlob& blob = At(list, index);
  CheckShape(shape);
  if (shape == blob.shape()) return;
  if (list != "tops") throw NotAllowed("SHAPE", layer_, "a layer gives a shape to its tops only.", "");
  if (method_ == LayerMethod::kBackward) {
    throw NotAllowed("SHAPE", layer_, "shapes stay during the backward pass.", "Reshape tops in reshape() or forward().");
  }
  RequireMemory(shape);
  blob.Reshape(shape);
  FitMemory(&blob);
}

int LayerCall::AddParam(const std::vector<int>& shape) {
  RequireOpen();
  CheckShape(shape);
  if (method_ != LayerMethod::kSetup) {
    throw NotAllowed("INPUT", layer_, "parameters can be added in setup() only.", "The net looks for them right after it.");
  }
  RequireMemory(shape);
  blobs_.params->push_back(boost::shared_ptr<FloatBlob>(new FloatBlob(shape)));
  return static_cast<int>(blobs_.params->size()) - 1;
}

void LayerCall::Close(bool settled) {
  for (const Handed& handed : std::exchange(views_, {})) {
    Napi::Float32Array array = handed.array->Get().As<Napi::Float32Array>();
    Napi::ArrayBuffer buffer = array.ArrayBuffer();
    if (buffer.IsDetached()) continue;
    const bool is_copy = array.Data() != handed.values;
    if (settled && is_copy) std::memcpy(handed.values, array.Data(), handed.count * sizeof(float));
    buffer.Detach();
  }
}

LayerCallWrap::LayerCallWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<LayerCallWrap>(info), call_(WrapContent<std::shared_ptr<LayerCall>>(info)) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void LayerCallWrap::Register(Napi::Env env) {
  Environment::Of(env).layer_call_class = Napi::Persistent(
      DefineClass(env, "LayerCall",
                  {InstanceMethod("count", &LayerCallWrap::Count), InstanceMethod("shape", &LayerCallWrap::Shape),
                   InstanceMethod("view", &LayerCallWrap::View), InstanceMethod("reshape", &LayerCallWrap::Reshape),
                   InstanceMethod("addParam", &LayerCallWrap::AddParam)}));
}

Napi::Value LayerCallWrap::Count(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    return Napi::Number::New(info.Env(), call_->Count(ToString(info[0], "A list of blobs")));
  });
}

Napi::Value LayerCallWrap::Shape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    return ToJs(info.Env(), call_->At(ToString(info[0], "A list of blobs"), ToInt(info[1], "An index")).shape());
  });
}

Napi::Value LayerCallWrap::View(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    return call_->View(info.Env(), ToString(info[0], "A list of blobs"), ToInt(info[1], "An index"), ToPart(info[2]));
  });
}

Napi::Value LayerCallWrap::Reshape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    call_->Reshape(ToString(info[0], "A list of blobs"), ToInt(info[1], "An index"), ToInts(info[2], "A shape"));
    return info.Env().Undefined();
  });
}

Napi::Value LayerCallWrap::AddParam(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(),
                 [&]() -> Napi::Value { return Napi::Number::New(info.Env(), call_->AddParam(ToInts(info[0], "A shape"))); });
}

}  // namespace caffe_node
