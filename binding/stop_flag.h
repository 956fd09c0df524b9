// A flag that stops a job between layers or iterations, and its JS side: `new StopFlag()`, `set()`.
#ifndef CAFFE_NODE_STOP_FLAG_H_
#define CAFFE_NODE_STOP_FLAG_H_

#include <napi.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <set>

namespace caffe_node {

// Set once, on the main thread; read by a job between layers or iterations. Every lane's jobs also stop when the environment
// ends.
class StopFlag {
 public:
  // Told when the flag is set, on the thread that sets it.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnStop() = 0;
  };

  void Set();
  bool IsSet() const { return set_.load(); }
  // Throws ABORTED when set.
  void Check() const;

  // From any thread. A flag that is set already tells nobody: look at it after adding.
  void Add(Listener* listener);
  void Remove(Listener* listener);

 private:
  std::atomic<bool> set_{false};
  std::mutex mutex_;
  std::set<Listener*> listeners_;
};

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
