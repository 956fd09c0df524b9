// Errors on their way from C++ to JavaScript. Anything thrown below the JS border becomes a Failure, and a Failure becomes a
// CaffeError, in this one place.
#ifndef CAFFE_NODE_FAILURE_H_
#define CAFFE_NODE_FAILURE_H_

#include <napi.h>

#include <exception>
#include <stdexcept>
#include <string>

namespace caffe_node {

// What a CaffeError says; empty strings and zeros are left out of it.
struct FailureDetails {
  std::string layer;
  std::string blob;
  std::string file;
  int line = 0;
  int column = 0;
  std::string hint;
};

class Failure : public std::runtime_error {
 public:
  // `code` is one of lib/errors.ts, without the prefix: "SHAPE" stands for ERR_CAFFE_SHAPE.
  Failure(std::string code, const std::string& message, FailureDetails details = {})
      : std::runtime_error(message), code_(std::move(code)), details_(std::move(details)) {}
  const std::string& code() const { return code_; }
  const FailureDetails& details() const { return details_; }

 private:
  std::string code_;
  FailureDetails details_;
};

// The exception as a Failure: FATAL with file and line for a CHECK of Caffe, INPUT for a memory or a length error, itself
// otherwise.
Failure AsFailure(const std::exception_ptr& exception);

// The same with the layer it happened in, unless the failure names one already.
Failure InLayer(const Failure& failure, const std::string& layer);

// A CaffeError object, made by the class that lib/errors.ts handed to us.
Napi::Value ToJs(Napi::Env env, const Failure& failure);

// Runs a synchronous method; what it throws becomes a JS exception.
template <typename Body>
auto Guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw Napi::Error(env, ToJs(env, AsFailure(std::current_exception())));
  }
}

}  // namespace caffe_node

#endif  // CAFFE_NODE_FAILURE_H_
