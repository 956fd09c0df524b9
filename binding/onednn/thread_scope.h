// How many threads OpenMP has.
#ifndef CAFFE_NODE_ONEDNN_THREAD_SCOPE_H_
#define CAFFE_NODE_ONEDNN_THREAD_SCOPE_H_

#include <omp.h>

#include <algorithm>

namespace caffe_node::onednn {

// oneDNN makes primitives for as many threads as OpenMP has at the time, and they must run with as many.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : former_(omp_get_max_threads()) { omp_set_num_threads(std::max(1, threads)); }
  ~ThreadScope() { omp_set_num_threads(former_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  const int former_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_THREAD_SCOPE_H_
