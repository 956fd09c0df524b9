#include "failure.h"

#include <new>

#include "environment.h"
#include "flavour.h"
#include "main_thread.h"

namespace caffe_node {

Failure AsFailure(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Failure& failure) {
    return failure;
  } catch (const std::bad_alloc&) {
    FailureDetails details;
    details.hint = "Use a smaller batch or smaller shapes, or give the process more memory.";
    return Failure("INPUT", "Out of memory.", std::move(details));
  } catch (const std::exception& error) {
    return flavour::Describe(error);
  } catch (...) {
    return Failure("FATAL", "An unknown error inside Caffe.");
  }
}

Failure InLayer(const Failure& failure, const std::string& layer) {
  if (!failure.details().layer.empty()) return failure;
  FailureDetails details = failure.details();
  details.layer = layer;
  return Failure(failure.code(), "Layer '" + layer + "': " + failure.what(), std::move(details));
}

Napi::Value ToJs(Napi::Env env, const Failure& failure) {
  const FailureDetails& known = failure.details();
  Napi::Object details = Napi::Object::New(env);
  if (!known.layer.empty()) details.Set("layer", known.layer);
  if (!known.blob.empty()) details.Set("blob", known.blob);
  if (!known.file.empty()) details.Set("file", known.file);
  if (known.line > 0) details.Set("line", known.line);
  if (known.column > 0) details.Set("column", known.column);
  if (!known.hint.empty()) details.Set("hint", known.hint);
  if (known.cause) details.Set("cause", known.cause->Get());
  return Environment::Of(env).error_class().New(
      {Napi::String::New(env, "ERR_CAFFE_" + failure.code()), Napi::String::New(env, failure.what()), details});
}

Napi::Error AsCaffeError(const Napi::Error& error) {
  const Napi::Env env = error.Env();
  const Napi::Value thrown = error.Value();
  const Napi::Function error_class = Environment::Of(env).error_class().Value();
  if (thrown.IsObject() && thrown.As<Napi::Object>().InstanceOf(error_class)) return error;
  Napi::Object details = Napi::Object::New(env);
  details.Set("cause", thrown);
  const std::string message = "What was given cannot be read: " + error.Message();
  return Napi::Error(env, error_class.New({Napi::String::New(env, "ERR_CAFFE_INPUT"), Napi::String::New(env, message), details}));
}

}  // namespace caffe_node
