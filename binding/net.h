// The JS side of a net. Each method checks its arguments, makes a job of plain data, and posts it to the net's lane.
#ifndef CAFFE_NODE_NET_H_
#define CAFFE_NODE_NET_H_

#include <napi.h>

#include <memory>

#include "net_state.h"

namespace caffe_node {

class NetWrap final : public Napi::ObjectWrap<NetWrap> {
 public:
  explicit NetWrap(const Napi::CallbackInfo& info);
  void Finalize(Napi::Env env) override;

  // loadNet, attachNet and the class.
  static void Register(Napi::Env env, Napi::Object exports);
  static Napi::Object New(Napi::Env env, const std::shared_ptr<NetState>& net);
  static const std::shared_ptr<NetState>& From(const Napi::Value& value);

 private:
  Napi::Value Facts(const Napi::CallbackInfo& info);
  Napi::Value Busy(const Napi::CallbackInfo& info);
  Napi::Value BlobNamed(const Napi::CallbackInfo& info);
  Napi::Value Param(const Napi::CallbackInfo& info);
  Napi::Value Forward(const Napi::CallbackInfo& info);
  Napi::Value Backward(const Napi::CallbackInfo& info);
  Napi::Value Reshape(const Napi::CallbackInfo& info);
  Napi::Value CopyFrom(const Napi::CallbackInfo& info);
  Napi::Value ShareWith(const Napi::CallbackInfo& info);
  Napi::Value Share(const Napi::CallbackInfo& info);
  Napi::Value Shapes(const Napi::CallbackInfo& info);
  Napi::Value Memory(const Napi::CallbackInfo& info);
  Napi::Value Engine(const Napi::CallbackInfo& info);
  Napi::Value Plan(const Napi::CallbackInfo& info);
  Napi::Value Listen(const Napi::CallbackInfo& info);
  Napi::Value SetItems(const Napi::CallbackInfo& info);
  Napi::Value Save(const Napi::CallbackInfo& info);
  Napi::Value ToBuffer(const Napi::CallbackInfo& info);
  Napi::Value ToPrototxt(const Napi::CallbackInfo& info);
  Napi::Value ClearParamDiffs(const Napi::CallbackInfo& info);
  Napi::Value Rewind(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  Napi::Value Run(const Napi::CallbackInfo& info, bool forward);
  // Posts a job that only calls `body` with the net, on its lane.
  Napi::Value PostBody(Napi::Env env, std::function<void(NetState*)> body);
  void RequireAlive() const;

  std::shared_ptr<NetState> net_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_H_
