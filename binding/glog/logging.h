// Caffe is compiled against this header in place of Google's logging library: a failed CHECK becomes a C++ exception that carries
// file, line and text, where glog would end the process, and every other message goes to a sink of the current thread, where glog
// would write to the terminal. Header only, so that libcaffe.a and the addon share one definition.
#ifndef CAFFE_NODE_GLOG_LOGGING_H_
#define CAFFE_NODE_GLOG_LOGGING_H_

#include <cstdlib>
#include <cstring>  // Caffe uses memset and trusts glog to have included it
#include <exception>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

// The binding asks for this to know that a FATAL throws; the real glog does not define it.
#define CAFFE_NODE_THROWING_GLOG 1

namespace google {

// A failed CHECK or a LOG(FATAL), as an exception.
class FatalError : public std::runtime_error {
 public:
  FatalError(std::string text, const char* file, int line) : std::runtime_error(std::move(text)), file_(file), line_(line) {}
  const char* file() const noexcept { return file_; }
  int line() const noexcept { return line_; }

 private:
  const char* file_;  // a __FILE__ literal
  int line_;
};

enum Severity { kInfo = 0, kWarning = 1, kError = 2, kFatal = 3 };

// Receives the messages of one thread. Without a sink, they are dropped.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual bool Wants(Severity severity) const = 0;
  virtual void Send(Severity severity, const char* file, int line, const std::string& text) = 0;
};

inline Sink*& ThreadSink() {
  static thread_local Sink* sink = nullptr;
  return sink;
}

class LogMessage {
 public:
  LogMessage(const char* file, int line, Severity severity) : file_(file), line_(line), severity_(severity) {}
  LogMessage(const LogMessage&) = delete;
  LogMessage& operator=(const LogMessage&) = delete;
  ~LogMessage() {
    if (Sink* sink = ThreadSink()) sink->Send(severity_, file_, line_, stream_.str());
  }
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
  const char* file_;
  int line_;
  Severity severity_;
};

class FatalMessage {
 public:
  FatalMessage(const char* file, int line) : file_(file), line_(line) {}
  FatalMessage(const FatalMessage&) = delete;
  FatalMessage& operator=(const FatalMessage&) = delete;
  // A CHECK that fails while an earlier exception unwinds the stack must stay silent: a second throw would terminate.
  ~FatalMessage() noexcept(false) {
    if (std::uncaught_exceptions() == 0) throw FatalError(stream_.str(), file_, line_);
  }
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
  const char* file_;
  int line_;
};

inline bool IsOn(Severity severity) {
  const Sink* sink = ThreadSink();
  return sink != nullptr && sink->Wants(severity);
}

// Gives a streamed expression the type void, so that it fits both arms of a conditional.
struct Voidify {
  void operator&(std::ostream&) {}
};

template <typename T>
T CheckNotNull(const char* file, int line, const char* name, T&& value) {
  if (value == nullptr) FatalMessage(file, line).stream() << "'" << name << "' Must be non NULL";
  return std::forward<T>(value);
}

inline void InitGoogleLogging(const char*) {}
inline void InstallFailureSignalHandler() {}
inline void FlushLogFiles(Severity) {}

}  // namespace google

#define CAFFE_NODE_LOG_(severity) \
  !::google::IsOn(severity) ? (void)0 : ::google::Voidify() & ::google::LogMessage(__FILE__, __LINE__, severity).stream()
#define CAFFE_NODE_FATAL_ ::google::Voidify() & ::google::FatalMessage(__FILE__, __LINE__).stream()
#define CAFFE_NODE_LOG_INFO CAFFE_NODE_LOG_(::google::kInfo)
#define CAFFE_NODE_LOG_WARNING CAFFE_NODE_LOG_(::google::kWarning)
#define CAFFE_NODE_LOG_ERROR CAFFE_NODE_LOG_(::google::kError)
#define CAFFE_NODE_LOG_FATAL CAFFE_NODE_FATAL_

#define LOG(severity) CAFFE_NODE_LOG_##severity
#define LOG_IF(severity, condition) !(condition) ? (void)0 : LOG(severity)
// The counting forms are for repeated warnings; a sink can count for itself.
#define LOG_EVERY_N(severity, n) LOG(severity)
#define LOG_FIRST_N(severity, n) LOG(severity)
#define VLOG(level) true ? (void)0 : ::google::Voidify() & ::google::LogMessage(__FILE__, __LINE__, ::google::kInfo).stream()
#define DLOG(severity) LOG(severity)

#define CHECK(condition) (condition) ? (void)0 : CAFFE_NODE_FATAL_ << "Check failed: " #condition " "
#define CAFFE_NODE_CHECK_OP_(op, left, right) \
  ((left)op(right))                           \
      ? (void)0                               \
      : CAFFE_NODE_FATAL_ << "Check failed: " #left " " #op " " #right " (" << (left) << " vs. " << (right) << ") "
#define CHECK_EQ(left, right) CAFFE_NODE_CHECK_OP_(==, left, right)
#define CHECK_NE(left, right) CAFFE_NODE_CHECK_OP_(!=, left, right)
#define CHECK_LT(left, right) CAFFE_NODE_CHECK_OP_(<, left, right)
#define CHECK_LE(left, right) CAFFE_NODE_CHECK_OP_(<=, left, right)
#define CHECK_GT(left, right) CAFFE_NODE_CHECK_OP_(>, left, right)
#define CHECK_GE(left, right) CAFFE_NODE_CHECK_OP_(>=, left, right)
#define CHECK_DOUBLE_EQ(left, right) CAFFE_NODE_CHECK_OP_(==, left, right)
#define CHECK_NOTNULL(value) ::google::CheckNotNull(__FILE__, __LINE__, #value, (value))

// glog compiles these away in release builds. The comparisons guard memory (labels, offsets, axes): here they stay. The plain
// form would refuse what works everywhere (dropout_ratio 0): it stays away.
#define DCHECK(condition) true ? (void)0 : CAFFE_NODE_FATAL_
#define DCHECK_EQ(left, right) CHECK_EQ(left, right)
#define DCHECK_NE(left, right) CHECK_NE(left, right)
#define DCHECK_LT(left, right) CHECK_LT(left, right)
#define DCHECK_LE(left, right) CHECK_LE(left, right)
#define DCHECK_GT(left, right) CHECK_GT(left, right)
#define DCHECK_GE(left, right) CHECK_GE(left, right)

#endif  // CAFFE_NODE_GLOG_LOGGING_H_
