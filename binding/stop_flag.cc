#include "stop_flag.h"

#include "failure.h"
#include "wrap.h"

namespace caffe_node {

void StopFlag::Set() {
  set_.store(true);
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Listener* const listener : listeners_) listener->OnStop();
}

void StopFlag::Check() const {
  if (IsSet()) throw Failure("ABORTED", "The operation was aborted.");
}

void StopFlag::Add(Listener* listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listeners_.insert(listener);
}

void StopFlag::Remove(Listener* listener) {
  const std::lock_guard<std::mutex> lock(mutex_);
  listeners_.erase(listener);
}

namespace {
constexpr napi_type_tag kTag = {0x3f0c5e7a1b9d4c21, 0x8e24a6b1f05d7733};
}

StopFlagWrap::StopFlagWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<StopFlagWrap>(info) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void StopFlagWrap::Register(Napi::Env env, Napi::Object exports) {
  exports.Set("StopFlag", DefineClass(env, "StopFlag", {InstanceMethod("set", &StopFlagWrap::Set)}));
}

std::shared_ptr<StopFlag> StopFlagWrap::From(const Napi::Value& value) {
  if (value.IsUndefined()) return nullptr;
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) throw Failure("INPUT", "stop must be a StopFlag.");
  return Unwrap(value.As<Napi::Object>())->flag_;
}

Napi::Value StopFlagWrap::Set(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  flag_->Set();
  return info.Env().Undefined();
}

}  // namespace caffe_node
