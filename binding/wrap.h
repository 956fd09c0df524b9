// What the wraps have in common: an object can only be made from C++, and each method first makes sure of what it was called on.
#ifndef CAFFE_NODE_WRAP_H_
#define CAFFE_NODE_WRAP_H_

#include <napi.h>

#include "failure.h"

namespace caffe_node {

// A new JS object around `content`, which its constructor copies.
template <typename Content>
Napi::Object NewWrap(Napi::Env env, const Napi::FunctionReference& constructor, const Content& content) {
  // The external lives for the length of this call only.
  return constructor.New({Napi::External<Content>::New(env, const_cast<Content*>(&content))});
}

// In the constructor: the content that NewWrap passed, or a refusal of `new` from JS.
template <typename Content>
const Content& WrapContent(const Napi::CallbackInfo& info) {
  if (info.Length() != 1 || !info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "This class cannot be constructed.");
  return *info[0].As<Napi::External<Content>>().Data();
}

// In each method: a method taken from one class and called on an object of another would read foreign memory.
inline void RequireTag(const Napi::CallbackInfo& info, const napi_type_tag& tag) {
  if (!info.This().IsObject() || !info.This().As<Napi::Object>().CheckTypeTag(&tag)) {
    throw Napi::TypeError::New(info.Env(), "This method was called on an object of another class.");
  }
}

}  // namespace caffe_node

#endif  // CAFFE_NODE_WRAP_H_
