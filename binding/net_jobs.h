// The jobs of a net.
#ifndef CAFFE_NODE_NET_JOBS_H_
#define CAFFE_NODE_NET_JOBS_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "executor.h"
#include "model.h"
#include "net_state.h"
#include "weights.h"

namespace caffe_node {

struct LoadRequest {
  ModelSource model;
  std::string base;
  caffe::NetState state;
  std::vector<WeightsSource> weights;
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

// A job on an existing net: counts as a run from posting to settling.
class NetJob : public Job {
 public:
  explicit NetJob(std::shared_ptr<NetState> net) : run_(std::move(net)) {}
  void Abandon() override { run_.net().Abandon(); }

 protected:
  NetState& net() const { return run_.net(); }

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
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, std::move(result_)); }

 private:
  RunRequest request_;
  bool forward_;
  std::vector<NamedTensor> result_;
};

class CopyJob final : public NetJob {
 public:
  CopyJob(std::shared_ptr<NetState> net, CopyRequest request) : NetJob(std::move(net)), request_(std::move(request)) {}
  void Execute(const StopFlag&) override { result_ = CopyWeights(&net(), request_); }
  Napi::Value Settle(Napi::Env env) override;

 private:
  CopyRequest request_;
  CopyResult result_;
};

class SerializeJob final : public NetJob {
 public:
  using NetJob::NetJob;
  void Execute(const StopFlag&) override { bytes_ = SerializeWeights(&net(), false); }
  Napi::Value Settle(Napi::Env env) override { return Napi::Buffer<char>::Copy(env, bytes_.data(), bytes_.size()); }

 private:
  std::string bytes_;
};

// Anything else that has no result.
class BodyJob final : public NetJob {
 public:
  BodyJob(std::shared_ptr<NetState> net, std::function<void(NetState*)> body) : NetJob(std::move(net)), body_(std::move(body)) {}
  void Execute(const StopFlag&) override { body_(&net()); }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  std::function<void(NetState*)> body_;
};

// Requests from JS.
LoadRequest ToLoadRequest(const Napi::Object& object, unsigned seed);
RunRequest ToRunRequest(const Napi::Object& object, const NetState& net, bool forward);
CopyRequest ToCopyRequest(const Napi::Object& object);
WeightsSource ToWeightsSource(const Napi::Value& value);
std::vector<WeightsSource> ToWeightsSources(const Napi::Value& value);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_JOBS_H_
