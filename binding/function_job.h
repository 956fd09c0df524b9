// A function of plain data as a job on the lane for files and images; its result becomes the value of the promise.
#ifndef CAFFE_NODE_FUNCTION_JOB_H_
#define CAFFE_NODE_FUNCTION_JOB_H_

#include <napi.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "environment.h"
#include "executor.h"

namespace caffe_node {

template <typename Work, typename Convert>
class FunctionJob final : public Job {
 public:
  FunctionJob(Work work, Convert convert) : work_(std::move(work)), convert_(std::move(convert)) {}
  void Execute(const StopFlag&) override { result_.emplace(work_()); }
  Napi::Value Settle(Napi::Env env) override { return convert_(env, std::move(*result_)); }

 private:
  Work work_;
  Convert convert_;
  std::optional<std::invoke_result_t<Work&>> result_;
};

// `work` runs on the lane and sees no JS; `convert(env, result)` makes the value on the main thread.
template <typename Work, typename Convert>
Napi::Value PostToFileLane(Napi::Env env, Work work, Convert convert) {
  Executor& executor = Environment::Of(env).executor();
  return executor.Post(executor.FileLane(), std::make_unique<FunctionJob<Work, Convert>>(std::move(work), std::move(convert)));
}

}  // namespace caffe_node

#endif  // CAFFE_NODE_FUNCTION_JOB_H_
