// Numbers next to zero count as zero meanwhile, in all threads of OpenMP.
#ifndef CAFFE_NODE_ONEDNN_FLUSH_SCOPE_H_
#define CAFFE_NODE_ONEDNN_FLUSH_SCOPE_H_

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace caffe_node::onednn {

// Below 1.2e-38 a float32 has fewer digits, and processors need a hundred times as long for it. The gradients of a softmax that
// is sure of itself are of these; AlexNet's step took twice as long then.
class FlushScope {
 public:
  FlushScope() { SetInAllThreads(true); }
  ~FlushScope() { SetInAllThreads(false); }
  FlushScope(const FlushScope&) = delete;
  FlushScope& operator=(const FlushScope&) = delete;

 private:
#ifdef __SSE2__
  static void SetInAllThreads(bool flush) {
    constexpr unsigned kFlush = 0x8040;  // results, and operands
#pragma omp parallel
    _mm_setcsr(flush ? _mm_getcsr() | kFlush : _mm_getcsr() & ~kFlush);
  }
#else
  static void SetInAllThreads(bool /*flush*/) {}
#endif
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_FLUSH_SCOPE_H_
