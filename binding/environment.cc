#include "environment.h"

#include <random>

namespace caffe_node {

Environment::Environment(Napi::Env env) : executor_(env) {
  // Added after the executor's own hook, so run before it: the lanes are joined while the environment still stands.
  env.AddCleanupHook([this] { executor_.Close(); });
}

Environment::~Environment() = default;

void Environment::SetLogListener(const Napi::Value& listener, int level) {
  if (listener.IsFunction()) {
    log_listener_ = Napi::Persistent(listener.As<Napi::Function>());
    executor_.SetLogLevel(level);
  } else {
    executor_.SetLogLevel(kNoLog);
    log_listener_.Reset();
  }
}

unsigned Environment::NextSeed() {
  if (!seed_) return std::random_device{}();
  return (*seed_)++;
}

}  // namespace caffe_node
