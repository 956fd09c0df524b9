// What belongs to one environment (the main thread or a worker): its lanes, its error class, its random seed. No state is global.
#ifndef CAFFE_NODE_ENVIRONMENT_H_
#define CAFFE_NODE_ENVIRONMENT_H_

#include <napi.h>

#include <memory>
#include <optional>
#include <set>

#include "executor.h"

namespace caffe_node {

struct SharedParameters;

class Environment {
 public:
  explicit Environment(Napi::Env env);
  ~Environment();

  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  Executor& executor() { return executor_; }
  const Napi::FunctionReference& error_class() const { return error_class_; }
  // The classes of lib/, handed over once when the addon is loaded.
  void SetErrorClass(const Napi::Function& error_class) { error_class_ = Napi::Persistent(error_class); }
  void SetLogListener(const Napi::Value& listener, int level);
  const Napi::FunctionReference& log_listener() const { return log_listener_; }

  // For the next net or solver that names no seed: random, or after SetSeed a sequence that begins with the caller's.
  unsigned NextSeed();
  void SetSeed(unsigned seed) { seed_ = seed; }

  // Whether JS may look at Caffe's memory; found out at the first view.
  bool external_memory_allowed() const { return external_memory_allowed_; }
  void ForbidExternalMemory() { external_memory_allowed_ = false; }

  // Holds the parameters of a net that was shared here, until the net is disposed or the environment ends.
  void Hold(const std::shared_ptr<SharedParameters>& parameters) { held_.insert(parameters); }
  void LetGo(const std::shared_ptr<SharedParameters>& parameters) {
    const auto held = held_.find(parameters);
    if (held != held_.end()) held_.erase(held);
  }

  // Constructors of the wraps, by name; registered by their files.
  Napi::FunctionReference net_class;
  Napi::FunctionReference blob_class;
  Napi::FunctionReference solver_class;
  // Of lib/callbacks.ts: see MainCall.
  Napi::FunctionReference enter_callback;
  Napi::FunctionReference current_callback;
  // Of lib/javascript-layer.ts: see JavaScriptLayer.
  Napi::FunctionReference create_layer;
  Napi::FunctionReference layer_call_class;

 private:
  Executor executor_;
  Napi::FunctionReference error_class_;
  Napi::FunctionReference log_listener_;
  std::optional<unsigned> seed_;
  bool external_memory_allowed_ = true;
  std::multiset<std::shared_ptr<SharedParameters>> held_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_ENVIRONMENT_H_
