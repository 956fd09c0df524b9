#include "flavour.h"

#include <dlfcn.h>
#include <omp.h>

#include <caffe/caffe.hpp>
#include <memory>
#include <utility>

#include "diagnosis.h"

#ifndef CAFFE_NODE_THROWING_GLOG
#include <condition_variable>
#include <mutex>
#endif

namespace caffe_node::flavour {

namespace {

// The path of a source file as Caffe's repository has it.
std::string SourcePath(const std::string& file) {
  const std::size_t position = file.rfind("src/caffe/");
  const std::size_t header = file.rfind("include/caffe/");
  if (position != std::string::npos) return file.substr(position);
  return header == std::string::npos ? file : file.substr(header);
}

#ifdef CAFFE_NODE_THROWING_GLOG

class HookSink final : public google::Sink {
 public:
  explicit HookSink(ThreadHooks hooks) : hooks_(std::move(hooks)) {}
  bool Wants(google::Severity severity) const override { return severity >= hooks_.lowest_severity->load(); }
  void Send(google::Severity severity, const char* file, int line, const std::string& text) override {
    hooks_.log(severity, SourcePath(file), line, text);
  }

 private:
  ThreadHooks hooks_;
};

#else

// The real glog ends the process after a FATAL message, so the thread never gets that far: it hands the message over and sleeps.
struct ThreadRecord {
  ThreadHooks hooks;
  bool failed = false;
  std::string text;
  std::string file;
  int line = 0;
};
thread_local std::unique_ptr<ThreadRecord> thread_record;

[[noreturn]] void Park() {
  if (thread_record) {
    thread_record->hooks.parked(Diagnose(thread_record->text, thread_record->file, thread_record->line));
  }
  std::mutex mutex;
  std::unique_lock<std::mutex> lock(mutex);
  std::condition_variable never;
  for (;;) never.wait(lock);
}

class RecordingSink final : public google::LogSink {
 public:
  void send(google::LogSeverity severity, const char* full_filename, const char*, int line, const struct ::tm*,
            const char* message, size_t length) override {
    if (!thread_record) return;
    const std::string text(message, length);
    if (severity == google::GLOG_FATAL) {
      thread_record->failed = true;
      thread_record->text = text;
      thread_record->file = SourcePath(full_filename);
      thread_record->line = line;
    } else if (severity >= thread_record->hooks.lowest_severity->load()) {
      thread_record->hooks.log(severity, SourcePath(full_filename), line, text);
    }
  }
  // Called when the message is out and glog's own lock is free, before glog writes "Check failure stack trace" to the terminal.
  void WaitTillSent() override {
    if (thread_record && thread_record->failed) Park();
  }
};

void InstallOnce() {
  static const bool installed = [] {
    static RecordingSink sink;
    google::AddLogSink(&sink);
    // Until it is initialised glog writes everything to the terminal; a second initialisation would end the process.
    if (!google::IsGoogleLoggingInitialized()) google::InitGoogleLogging("caffe-node");
    FLAGS_logtostderr = false;
    FLAGS_stderrthreshold = google::GLOG_FATAL + 1;
    for (int severity = google::GLOG_INFO; severity <= google::GLOG_FATAL; ++severity) google::SetLogDestination(severity, "");
    google::InstallFailureFunction(&Park);  // for threads of Caffe's own, which nobody has prepared
    return true;
  }();
  static_cast<void>(installed);
}

#endif

// OpenBLAS as Debian's OpenMP build goes by OpenMP's own setting; its pthread build, and MKL, have one of their own. Found by
// name: a user's Caffe may be linked with any of them.
void SetBlasThreads(int threads) {
  using Setter = void (*)(int);
  using Query = int (*)();
  constexpr int kThreadsOfItsOwn = 1;  // what openblas_get_parallel() says of the pthread build
  static const auto parallel = reinterpret_cast<Query>(dlsym(RTLD_DEFAULT, "openblas_get_parallel"));
  static const auto openblas = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  static const auto mkl = reinterpret_cast<Setter>(dlsym(RTLD_DEFAULT, "MKL_Set_Num_Threads_Local"));
  if (parallel != nullptr && openblas != nullptr && parallel() == kThreadsOfItsOwn) openblas(threads);
  if (mkl != nullptr) mkl(threads);
}

#ifdef CPU_ONLY

void UseGpu(int) {
  FailureDetails details;
  details.hint = "Build caffe-node against a Caffe with CUDA: CAFFE_ROOT in docs/setup.md.";
  throw Failure("UNSUPPORTED", "The linked Caffe was built for the CPU only.", std::move(details));
}

#else

void UseGpu(int device) {
  const std::vector<Device> devices = Devices();
  if (static_cast<std::size_t>(device) >= devices.size()) {
    throw Failure("UNSUPPORTED", "There is no CUDA device " + std::to_string(device) + "; this machine has " +
                                     std::to_string(devices.size()) + ".");
  }
  caffe::Caffe::set_mode(caffe::Caffe::GPU);
  caffe::Caffe::SetDevice(device);
}

#endif

}  // namespace

void PrepareThread(ThreadHooks hooks) {
#ifdef CAFFE_NODE_THROWING_GLOG
  static thread_local std::unique_ptr<HookSink> sink;
  sink = std::make_unique<HookSink>(std::move(hooks));
  google::ThreadSink() = sink.get();
#else
  InstallOnce();
  thread_record = std::make_unique<ThreadRecord>();
  thread_record->hooks = std::move(hooks);
#endif
}

void PrepareJob(const Settings& settings) {
  omp_set_num_threads(settings.threads);
  SetBlasThreads(settings.threads);
  if (settings.gpu) return UseGpu(*settings.gpu);
  caffe::Caffe::set_mode(caffe::Caffe::CPU);
}

std::vector<Device> Devices() {
  std::vector<Device> devices;
#ifndef CPU_ONLY
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess) return devices;  // no driver, or no device
  for (int index = 0; index < count; ++index) {
    cudaDeviceProp facts;
    if (cudaGetDeviceProperties(&facts, index) != cudaSuccess) continue;
    devices.push_back({index, facts.name, static_cast<std::int64_t>(facts.totalGlobalMem)});
  }
#endif
  return devices;
}

void Seed(unsigned seed) { caffe::Caffe::set_random_seed(seed); }

Failure Describe(const std::exception& error) {
#ifdef CAFFE_NODE_THROWING_GLOG
  if (const auto* fatal = dynamic_cast<const google::FatalError*>(&error)) {
    return Diagnose(fatal->what(), SourcePath(fatal->file()), fatal->line());
  }
#endif
  return Failure("FATAL", error.what());
}

bool Recovers() {
#ifdef CAFFE_NODE_THROWING_GLOG
  return true;
#else
  return false;
#endif
}

bool HasCuda() {
#ifdef CPU_ONLY
  return false;
#else
  return true;
#endif
}

bool HasOpenCl() {
#ifdef CAFFE_NODE_OPENCL
  return true;
#else
  return false;
#endif
}

bool HasLmdb() {
#ifdef USE_LMDB
  return true;
#else
  return false;
#endif
}

bool HasLevelDb() {
#ifdef USE_LEVELDB
  return true;
#else
  return false;
#endif
}

bool HasHdf5() {
#ifdef USE_HDF5
  return true;
#else
  return false;
#endif
}

std::string Blas() { return CAFFE_NODE_BLAS; }
std::string Source() { return CAFFE_NODE_CAFFE_SOURCE; }
std::string Version() { return CAFFE_NODE_CAFFE_VERSION; }

}  // namespace caffe_node::flavour
