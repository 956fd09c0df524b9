// What differs between the Caffes that the addon can be linked with (our throwing glog or the real one; CPU or CUDA). The only
// file pair with an #ifdef for it.
#ifndef CAFFE_NODE_FLAVOUR_H_
#define CAFFE_NODE_FLAVOUR_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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

// What a job runs with: the settings of its environment at the moment it was asked for.
struct Settings {
  int threads = 1;         // of BLAS, OpenMP and oneDNN
  std::optional<int> gpu;  // the device; none: the CPU
};

// Caffe keeps its mode and device per thread, OpenMP its number of threads: both are set before each job, so that what one net
// runs with never reaches another. Throws UNSUPPORTED for a device that is not there.
void PrepareJob(const Settings& settings);

// A CUDA device that the linked Caffe can use.
struct Device {
  int index = 0;
  std::string name;
  std::int64_t memory = 0;  // bytes
};
std::vector<Device> Devices();

// Seeds Caffe's random generator of this thread.
void Seed(unsigned seed);

// An exception that is none of ours: a CHECK of Caffe, the standard library or boost.
Failure Describe(const std::exception& error);

// Facts for caffe.features.
bool Recovers();  // whether a failed CHECK comes back as an exception
bool HasCuda();
bool HasOpenCl();
bool HasLmdb();
bool HasLevelDb();
bool HasHdf5();
std::string Blas();
std::string Source();
std::string Version();

}  // namespace caffe_node::flavour

#endif  // CAFFE_NODE_FLAVOUR_H_
