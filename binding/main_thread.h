// The way from any thread to the main thread of one environment, and the JS values that wait there for whoever owns them.
#ifndef CAFFE_NODE_MAIN_THREAD_H_
#define CAFFE_NODE_MAIN_THREAD_H_

#include <napi.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace caffe_node {

// Shared with what may outlive the environment, such as a layer of a net that the garbage collector has not found yet.
class MainThread {
 public:
  using Body = std::function<void(Napi::Env)>;

  explicit MainThread(Napi::Env env);
  ~MainThread() = default;
  MainThread(const MainThread&) = delete;
  MainThread& operator=(const MainThread&) = delete;

  // From any thread: runs `body` on the main thread soon; what it throws is told as Node tells of any error in a callback.
  // Dropped when the environment ends first. `body` may be destroyed on any thread: it must own nothing of JS.
  void Post(Body body);

  // ---- the main thread -------------------------------------------------------------------------------------------------
  Napi::Env env() const { return env_; }
  // Whether the process waits for what is posted.
  void KeepAlive(bool wanted);
  // Nothing is posted from now on.
  void Shut();
  // The same, and lets go of all JS: the environment ends.
  void Close();

 private:
  friend class KeptValue;
  void Drain();

  const Napi::Env env_;
  std::mutex mutex_;
  std::deque<Body> queue_;
  bool shut_ = false;
  napi_threadsafe_function wake_ = nullptr;
  bool kept_alive_ = false;
  std::uint64_t next_value_ = 0;
  std::unordered_map<std::uint64_t, Napi::ObjectReference> values_;
};

// A JS value that may travel through other threads, which can do nothing with it but drop it.
class KeptValue {
 public:
  // On the main thread, as is Get. Any value will do, undefined too.
  KeptValue(std::shared_ptr<MainThread> main, const Napi::Value& value);
  ~KeptValue();
  KeptValue(const KeptValue&) = delete;
  KeptValue& operator=(const KeptValue&) = delete;
  Napi::Value Get() const;

 private:
  const std::shared_ptr<MainThread> main_;
  const std::uint64_t number_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_MAIN_THREAD_H_
