#include "undecided_pools.h"

#include <utility>

namespace caffe_node {

Failure UndecidedPool() {
  FailureDetails details;
  details.hint = "The training diverges: use a smaller learning rate. Or the input itself holds NaN or infinite values.";
  return Failure("DIVERGED", "Values that are not numbers were pooled; there is no gradient.", std::move(details));
}

}  // namespace caffe_node
