// What a JS object stands on until it is closed: a database, a mean, a timed net.
#ifndef CAFFE_NODE_CLOSABLE_H_
#define CAFFE_NODE_CLOSABLE_H_

#include <napi.h>

#include <memory>
#include <string>
#include <utility>

#include "executor.h"
#include "failure.h"

namespace caffe_node {

// What the functions of one JS object share, on the main thread. They are functions bound to it, not methods of a class: whatever
// they are called on, they find their own. Jobs share the content itself, and so keep it alive when the object is collected
// meanwhile.
template <typename Content>
struct Closable {
  std::shared_ptr<Content> content;
  std::string what;  // for the message: "The database"

  const std::shared_ptr<Content>& RequireOpen() const {
    if (!content) throw Failure("DISPOSED", what + " is closed.");
    return content;
  }
};

template <typename Content>
std::shared_ptr<Closable<Content>> NewClosable(std::shared_ptr<Content> content, std::string what) {
  return std::make_shared<Closable<Content>>(Closable<Content>{std::move(content), std::move(what)});
}

// Holds the last reference, as a rule, so that the content is freed on the lane and not on the main thread.
template <typename Content>
class CloseJob final : public Job {
 public:
  explicit CloseJob(Closable<Content>* closable) : content_(std::exchange(closable->content, nullptr)) {}
  void Execute(const StopFlag&) override { content_.reset(); }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  std::shared_ptr<Content> content_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_CLOSABLE_H_
