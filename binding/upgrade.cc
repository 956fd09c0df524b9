#include "upgrade.h"

#include <caffe/proto/caffe.pb.h>

#include <caffe/util/upgrade_proto.hpp>
#include <memory>
#include <string>
#include <utility>

#include "convert.h"
#include "environment.h"
#include "executor.h"
#include "failure.h"
#include "message.h"
#include "model.h"
#include "weights.h"

namespace caffe_node {

namespace {

// Upgrades a net in place; returns the version it was of.
std::string UpgradeNetParameter(const std::string& file, caffe::NetParameter* net) {
  const std::string from = caffe::NetNeedsV0ToV1Upgrade(*net) ? "v0" : caffe::NetNeedsV1ToV2Upgrade(*net) ? "v1" : "v2";
  if (!caffe::UpgradeNetAsNeeded(file.empty() ? "the network" : file, net)) {
    FailureDetails details;
    details.file = file;
    throw Failure("PROTOTXT", "Caffe could not upgrade this network.", std::move(details));
  }
  return from;
}

class NetTextJob final : public Job {
 public:
  explicit NetTextJob(std::string text) : text_(std::move(text)) {}
  void Execute(const StopFlag&) override {
    caffe::NetParameter net;
    ParseText(text_, "", &net);
    from_ = UpgradeNetParameter("", &net);
    text_ = PrintText(net);
  }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result.Set("text", text_);
    result.Set("from", from_);
    return result;
  }

 private:
  std::string text_;
  std::string from_;
};

// From file to file: weights have hundreds of megabytes, which need not pass through JavaScript.
class NetBinaryJob final : public Job {
 public:
  NetBinaryJob(std::string input, std::string output) : input_(std::move(input)), output_(std::move(output)) {}
  void Execute(const StopFlag&) override {
    caffe::NetParameter net;
    {
      const std::string bytes = ReadFile(input_);
      ParseBinary(bytes.data(), bytes.size(), input_, &net);
    }
    from_ = UpgradeNetParameter(input_, &net);
    WriteFileWhole(output_, Serialize(net));
  }
  Napi::Value Settle(Napi::Env env) override { return Napi::String::New(env, from_); }

 private:
  const std::string input_;
  const std::string output_;
  std::string from_;
};

class SolverTextJob final : public Job {
 public:
  explicit SolverTextJob(std::string text) : text_(std::move(text)) {}
  void Execute(const StopFlag&) override {
    caffe::SolverParameter solver;
    ParseText(text_, "", &solver);
    upgraded_ = caffe::SolverNeedsTypeUpgrade(solver);
    if (!caffe::UpgradeSolverAsNeeded("the solver", &solver)) throw Failure("PROTOTXT", "Caffe could not upgrade this solver.");
    text_ = PrintText(solver);
  }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Object result = Napi::Object::New(env);
    result.Set("text", text_);
    result.Set("upgraded", upgraded_);
    return result;
  }

 private:
  std::string text_;
  bool upgraded_ = false;
};

Napi::Value Post(Napi::Env env, std::unique_ptr<Job> job) {
  Executor& executor = Environment::Of(env).executor();
  return executor.Post(executor.FileLane(), std::move(job));
}

Napi::Value UpgradeNet(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(),
                 [&] { return Post(info.Env(), std::make_unique<NetTextJob>(ToString(info[0], "The text of a network"))); });
}

Napi::Value UpgradeNetBinary(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    std::string input = ToString(info[0], "The path to read");
    std::string output = ToString(info[1], "The path to write");
    return Post(info.Env(), std::make_unique<NetBinaryJob>(std::move(input), std::move(output)));
  });
}

Napi::Value UpgradeSolver(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(),
                 [&] { return Post(info.Env(), std::make_unique<SolverTextJob>(ToString(info[0], "The text of a solver"))); });
}

}  // namespace

void RegisterUpgrades(Napi::Env env, Napi::Object exports) {
  exports.Set("upgradeNet", Napi::Function::New(env, UpgradeNet, "upgradeNet"));
  exports.Set("upgradeNetBinary", Napi::Function::New(env, UpgradeNetBinary, "upgradeNetBinary"));
  exports.Set("upgradeSolver", Napi::Function::New(env, UpgradeSolver, "upgradeSolver"));
}

}  // namespace caffe_node
