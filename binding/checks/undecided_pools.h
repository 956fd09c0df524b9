// Max pooling over a window of NaNs finds no maximum: its result stays the smallest float and its mask stays -1, where the
// backward pass would then write. A diverging training gets here before its loss is seen.
#ifndef CAFFE_NODE_CHECKS_UNDECIDED_POOLS_H_
#define CAFFE_NODE_CHECKS_UNDECIDED_POOLS_H_

#include "../failure.h"

namespace caffe_node {

// What the backward pass of such a pool is refused with.
Failure UndecidedPool();

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_UNDECIDED_POOLS_H_
