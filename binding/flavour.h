// What differs between the Caffes that the addon can be linked with (our throwing glog or the real one; CPU or CUDA). The only
// file pair with an #ifdef for it.
#ifndef CAFFE_NODE_FLAVOUR_H_
#define CAFFE_NODE_FLAVOUR_H_

#include <atomic>
#include <functional>
#include <string>

#include "failure.h"

namespace caffe_node::flavour {

// Receives a log line of Caffe: severity 0 info, 1 warning, 2 error.
using LogReceiver = std::function<void(int severity, const std::string& file, int line, const std::string& text)>;

// Called on each compute thread before its first job. `log` receives the messages of the thread that reach `lowest_severity`.
// `parked` is called when the linked Caffe cannot throw: it settles the running job with the failure and replaces the thread,
// which then sleeps for ever in the depths of the failed call.
struct ThreadHooks {
  LogReceiver log;
  const std::atomic<int>* lowest_severity = nullptr;
  std::function<void(const Failure&)> parked;
};
void PrepareThread(ThreadHooks hooks);

// Sets Caffe's thread-local state (mode) and the number of threads that BLAS and OpenMP use on this thread.
void PrepareJob(int threads);

// Seeds Caffe's random generator of this thread.
void Seed(unsigned seed);

// An exception that is none of ours: a CHECK of Caffe, the standard library or boost.
Failure Describe(const std::exception& error);

// Facts for caffe.features.
bool HasCuda();
bool HasLmdb();
bool HasLevelDb();
bool HasHdf5();
std::string Blas();
std::string Source();
std::string Version();

}  // namespace caffe_node::flavour

#endif  // CAFFE_NODE_FLAVOUR_H_
