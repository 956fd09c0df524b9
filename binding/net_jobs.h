// The jobs of a net.
#ifndef CAFFE_NODE_NET_JOBS_H_
#define CAFFE_NODE_NET_JOBS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "engine_options.h"
#include "executor.h"
#include "model.h"
#include "net_state.h"
#include "shared_parameters.h"
#include "weights.h"

namespace caffe_node {

struct LoadRequest {
  ModelSource model;
  std::string base;
  caffe::NetState state;
  std::vector<WeightsSource> weights;
  EngineOptions engine;
  unsigned seed = 0;
};

class LoadJob final : public Job {
 public:
  LoadJob(Lane* lane, LoadRequest request) : lane_(lane), request_(std::move(request)) {}
  void Execute(const StopFlag& stop) override;
  Napi::Value Settle(Napi::Env env) override;

 private:
  Lane* const lane_;
  LoadRequest request_;
  std::shared_ptr<NetState> net_;
};

// Another net over parameters that a net shares.
class AttachJob final : public Job {
 public:
  AttachJob(Lane* lane, std::shared_ptr<SharedParameters> parameters, EngineOptions engine, unsigned seed)
      : lane_(lane), parameters_(std::move(parameters)), engine_(std::move(engine)), seed_(seed) {}
  void Execute(const StopFlag& stop) override;
  Napi::Value Settle(Napi::Env env) override;

 private:
  Lane* const lane_;
  std::shared_ptr<SharedParameters> parameters_;
  EngineOptions engine_;
  unsigned seed_;
  std::shared_ptr<NetState> net_;
};

// A job on an existing net: counts as a run from posting to settling.
class NetJob : public Job {
 public:
  explicit NetJob(std::shared_ptr<NetState> net) : run_(std::move(net)) {}
  Napi::Value Settle(Napi::Env env) final {
    net().ReportMemory(env);
    return Result(env);
  }
  void Abandon() override { run_.net().Abandon(); }
  const void* lock() const override { return run_.net().parameter_lock().get(); }

 protected:
  NetState& net() const { return run_.net(); }
  // On the main thread: the value of the promise.
  virtual Napi::Value Result(Napi::Env env) = 0;

 private:
  RunCount run_;
};

class RunJob final : public NetJob {
 public:
  RunJob(std::shared_ptr<NetState> net, RunRequest request, bool forward)
      : NetJob(std::move(net)), request_(std::move(request)), forward_(forward) {}
  void Execute(const StopFlag& stop) override {
    result_ = forward_ ? net().Forward(request_, stop) : net().Backward(request_, stop);
  }

 protected:
  Napi::Value Result(Napi::Env env) override { return ToJs(env, std::move(result_)); }

 private:
  RunRequest request_;
  bool forward_;
  std::vector<NamedTensor> result_;
};

class CopyJob final : public NetJob {
 public:
  CopyJob(std::shared_ptr<NetState> net, CopyRequest request) : NetJob(std::move(net)), request_(std::move(request)) {}
  void Execute(const StopFlag&) override { result_ = CopyWeights(&net(), request_); }

 protected:
  Napi::Value Result(Napi::Env env) override;

 private:
  CopyRequest request_;
  CopyResult result_;
};

class SerializeJob final : public NetJob {
 public:
  using NetJob::NetJob;
  void Execute(const StopFlag&) override { bytes_ = SerializeWeights(&net(), false); }

 protected:
  Napi::Value Result(Napi::Env env) override { return Napi::Buffer<char>::Copy(env, bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

class ShapesJob final : public NetJob {
 public:
  ShapesJob(std::shared_ptr<NetState> net, std::vector<std::string> names) : NetJob(std::move(net)), names_(std::move(names)) {}
  void Execute(const StopFlag&) override { shapes_ = net().ShapesOf(names_); }

 protected:
  Napi::Value Result(Napi::Env env) override;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<int>> shapes_;
};

// Anything else that has no result.
class BodyJob final : public NetJob {
 public:
  BodyJob(std::shared_ptr<NetState> net, std::function<void(NetState*)> body) : NetJob(std::move(net)), body_(std::move(body)) {}
  void Execute(const StopFlag&) override { body_(&net()); }

 protected:
  Napi::Value Result(Napi::Env env) override { return env.Undefined(); }

 private:
  std::function<void(NetState*)> body_;
};

// Requests from JS.
LoadRequest ToLoadRequest(const Napi::Object& object, unsigned seed);
RunRequest ToRunRequest(const Napi::Object& object, const NetState& net, bool forward);
CopyRequest ToCopyRequest(const Napi::Object& object);
WeightsSource ToWeightsSource(const Napi::Value& value);
std::vector<WeightsSource> ToWeightsSources(const Napi::Value& value);
MemoryItems ToMemoryItems(const Napi::Object& object);
ShareTicket ToShareTicket(const Napi::Object& object);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_JOBS_H_
