// Errors on their way from C++ to JavaScript. Anything thrown below the JS border becomes a Failure, and a Failure becomes a
// CaffeError, in this one place.
#ifndef CAFFE_NODE_FAILURE_H_
#define CAFFE_NODE_FAILURE_H_

#include <napi.h>

#include <exception>
#include <string>

#include "failure_exception.h"

namespace caffe_node {

// The exception as a Failure: FATAL with file and line for a CHECK of Caffe, INPUT for a memory or a length error, itself
// otherwise.
Failure AsFailure(const std::exception_ptr& exception);

// The same with the layer it happened in, unless the failure names one already.
Failure InLayer(const Failure& failure, const std::string& layer);

// A CaffeError object, made by the class that lib/errors.ts handed to us.
Napi::Value ToJs(Napi::Env env, const Failure& failure);

// What the caller's own code threw while a value was read (a getter, a Proxy), as the cause of a CaffeError; a CaffeError as it
// is.
Napi::Error AsCaffeError(const Napi::Error& error);

// Runs a synchronous method; what it throws becomes a JS exception.
template <typename Body>
auto Guarded(Napi::Env env, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const Napi::Error& error) {
    throw AsCaffeError(error);
  } catch (...) {
    throw Napi::Error(env, ToJs(env, AsFailure(std::current_exception())));
  }
}

}  // namespace caffe_node

#endif  // CAFFE_NODE_FAILURE_H_
