// The exception that everything below the JS border throws. It knows nothing of JavaScript, so that what reads files compiles
// without Node; failure.h is the way to JavaScript.
#ifndef CAFFE_NODE_FAILURE_EXCEPTION_H_
#define CAFFE_NODE_FAILURE_EXCEPTION_H_

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace caffe_node {

class KeptValue;

// What a CaffeError says; empty strings and zeros are left out of it.
struct FailureDetails {
  std::string layer;
  std::string blob;
  std::string file;
  int line = 0;
  int column = 0;
  std::string hint;
  std::shared_ptr<KeptValue> cause;  // what JS threw
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

}  // namespace caffe_node

#endif  // CAFFE_NODE_FAILURE_EXCEPTION_H_
