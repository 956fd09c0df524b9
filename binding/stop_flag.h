// The JS side of StopFlag: `new StopFlag()`, `set()`.
#ifndef CAFFE_NODE_STOP_FLAG_H_
#define CAFFE_NODE_STOP_FLAG_H_

#include <napi.h>

#include <memory>

#include "executor.h"

namespace caffe_node {

class StopFlagWrap final : public Napi::ObjectWrap<StopFlagWrap> {
 public:
  explicit StopFlagWrap(const Napi::CallbackInfo& info);
  static void Register(Napi::Env env, Napi::Object exports);
  // The flag of a request; null for undefined.
  static std::shared_ptr<StopFlag> From(const Napi::Value& value);

 private:
  Napi::Value Set(const Napi::CallbackInfo& info);

  std::shared_ptr<StopFlag> flag_ = std::make_shared<StopFlag>();
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_STOP_FLAG_H_
