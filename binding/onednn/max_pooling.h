// Maxima of bf16 whose channels lie together (nhwc), several times as fast as oneDNN's.
#ifndef CAFFE_NODE_ONEDNN_MAX_POOLING_H_
#define CAFFE_NODE_ONEDNN_MAX_POOLING_H_

#include <memory>

#include "operation.h"

namespace caffe_node::onednn {

// How windows lie along an axis. Each covers a part of the bottom.
struct PooledAxis {
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t before;  // padding
};

bool SuitsMaxPooling(const Description& bottom);

// For a bottom that suits. The top lies like it.
std::unique_ptr<Operation> MakeMaxPooling(const Description& bottom, const Description& top, const PooledAxis& y,
                                          const PooledAxis& x);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_MAX_POOLING_H_
