// Caffe's own gradients to hold a plan's against.
#ifndef CAFFE_NODE_TRAINING_CHECK_H_
#define CAFFE_NODE_TRAINING_CHECK_H_

#include <caffe/util/rng.hpp>
#include <string>
#include <vector>

#include "net_plan.h"
#include "plan_check.h"
#include "running_statistics.h"

namespace caffe_node {

// All that a batch of a training changes, but for what the layers without bottoms hold: to be put back.
class BatchState {
 public:
  explicit BatchState(FloatNet* net);
  void PutBack() const;
  // Of all parameters; an empty one is zero, as all are before the first batch of an iteration.
  const std::vector<std::vector<float>>& gradients() const { return gradients_; }

 private:
  FloatNet* const net_;
  std::vector<std::vector<float>> gradients_;
  const RunningStatistics statistics_;
  const KeptValues outputs_;
  const caffe::rng_t random_;
};

// Caffe's way through a batch.
struct CaffesBatch {
  const BatchState& before;
  const BatchState& behind;
  float loss;
};

// Whether a plan, which has just gone through the batch in `net`, went the same way: empty where it did, else what is wrong.
std::string Disagreement(const FloatNet& net, Precision precision, float loss, const CaffesBatch& caffe);

}  // namespace caffe_node

#endif  // CAFFE_NODE_TRAINING_CHECK_H_
