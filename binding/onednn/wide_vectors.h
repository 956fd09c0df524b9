// 16 float32 at a time: for functions compiled IN_WIDE_VECTORS, on processors that have such vectors (instructions.h).
#ifndef CAFFE_NODE_ONEDNN_WIDE_VECTORS_H_
#define CAFFE_NODE_ONEDNN_WIDE_VECTORS_H_

#include <cstdint>

namespace caffe_node::onednn {

#define IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4")))
#define INLINED_IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4"), always_inline)) inline

constexpr std::int64_t kWideLanes = 16;
using WideVector = float __attribute__((vector_size(4 * kWideLanes), may_alias));
using LooseVector = float __attribute__((vector_size(4 * kWideLanes), aligned(4), may_alias));  // wherever it lies

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_WIDE_VECTORS_H_
