#include "upgrade.h"

#include <caffe/proto/caffe.pb.h>

#include <caffe/util/upgrade_proto.hpp>
#include <string>
#include <utility>

#include "checks/network.h"
#include "convert.h"
#include "failure.h"
#include "function_job.h"
#include "message.h"
#include "model.h"
#include "weights.h"

namespace caffe_node {

namespace {

// Upgrades a net in place; returns the version it was of.
std::string UpgradeNetParameter(const std::string& file, caffe::NetParameter* net) {
  CheckInputFields(*net);
  const std::string from = caffe::NetNeedsV0ToV1Upgrade(*net) ? "v0" : caffe::NetNeedsV1ToV2Upgrade(*net) ? "v1" : "v2";
  if (!caffe::UpgradeNetAsNeeded(file.empty() ? "the network" : file, net)) {
    FailureDetails details;
    details.file = file;
    throw Failure("PROTOTXT", "Caffe could not upgrade this network.", std::move(details));
  }
  return from;
}

struct Upgraded {
  std::string text;
  std::string from;
};

Upgraded UpgradeNetText(const std::string& text) {
  caffe::NetParameter net;
  ParseText(text, "", &net);
  const std::string from = UpgradeNetParameter("", &net);
  return {PrintText(net), from};
}

// From file to file: weights have hundreds of megabytes, which need not pass through JavaScript.
std::string UpgradeNetFile(const std::string& input, const std::string& output) {
  caffe::NetParameter net;
  {
    const std::string bytes = ReadFile(input);
    ParseBinary(bytes.data(), bytes.size(), input, &net);
  }
  const std::string from = UpgradeNetParameter(input, &net);
  WriteFileWhole(output, Serialize(net));
  return from;
}

struct UpgradedSolver {
  std::string text;
  bool upgraded;
};

UpgradedSolver UpgradeSolverText(const std::string& text) {
  caffe::SolverParameter solver;
  ParseText(text, "", &solver);
  const bool upgraded = caffe::SolverNeedsTypeUpgrade(solver);
  if (!caffe::UpgradeSolverAsNeeded("the solver", &solver)) throw Failure("PROTOTXT", "Caffe could not upgrade this solver.");
  return {PrintText(solver), upgraded};
}

Napi::Value UpgradeNet(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [text = ToString(info[0], "The text of a network")] { return UpgradeNetText(text); },
        [](Napi::Env env, const Upgraded& upgraded) {
          Napi::Object result = Napi::Object::New(env);
          result.Set("text", upgraded.text);
          result.Set("from", upgraded.from);
          return result;
        });
  });
}

Napi::Value UpgradeNetBinary(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    const std::string input = ToString(info[0], "The path to read");
    const std::string output = ToString(info[1], "The path to write");
    return PostToFileLane(
        info.Env(), [input, output] { return UpgradeNetFile(input, output); },
        [](Napi::Env env, const std::string& from) { return Napi::String::New(env, from); });
  });
}

Napi::Value UpgradeSolver(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [text = ToString(info[0], "The text of a solver")] { return UpgradeSolverText(text); },
        [](Napi::Env env, const UpgradedSolver& solver) {
          Napi::Object result = Napi::Object::New(env);
          result.Set("text", solver.text);
          result.Set("upgraded", solver.upgraded);
          return result;
        });
  });
}

}  // namespace

void RegisterUpgrades(Napi::Env env, Napi::Object exports) {
  exports.Set("upgradeNet", Napi::Function::New(env, UpgradeNet, "upgradeNet"));
  exports.Set("upgradeNetBinary", Napi::Function::New(env, UpgradeNetBinary, "upgradeNetBinary"));
  exports.Set("upgradeSolver", Napi::Function::New(env, UpgradeSolver, "upgradeSolver"));
}

}  // namespace caffe_node
