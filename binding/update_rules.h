// How each of Caffe's solvers turns the gradient of a value into what is subtracted from it, element by element: the formulas of
// ComputeUpdateValue in Caffe's solvers/*.cpp, in their order of operations. `rate` is the learning rate times the parameter's
// lr_mult; `first` and `second` are the value's histories. kMovesByRate: gradients reach the history through the rate alone.
#ifndef CAFFE_NODE_UPDATE_RULES_H_
#define CAFFE_NODE_UPDATE_RULES_H_

#include <cmath>

namespace caffe_node {

struct SgdRule {
  static constexpr int kHistories = 1;
  static constexpr bool kMovesByRate = true;
  float momentum;
  float operator()(float gradient, float rate, float& first, float&) const {
    first = rate * gradient + momentum * first;
    return first;
  }
};

struct NesterovRule {
  static constexpr int kHistories = 1;
  static constexpr bool kMovesByRate = true;
  float momentum;
  float operator()(float gradient, float rate, float& first, float&) const {
    const float former = first;
    first = rate * gradient + momentum * first;
    return (1 + momentum) * first - momentum * former;
  }
};

struct AdaGradRule {
  static constexpr int kHistories = 1;
  static constexpr bool kMovesByRate = false;
  float delta;
  float operator()(float gradient, float rate, float& first, float&) const {
    first += gradient * gradient;
    return rate * (gradient / (std::sqrt(first) + delta));
  }
};

struct RmsPropRule {
  static constexpr int kHistories = 1;
  static constexpr bool kMovesByRate = false;
  float decay;
  float delta;
  float operator()(float gradient, float rate, float& first, float&) const {
    first = (1 - decay) * (gradient * gradient) + decay * first;
    return rate * (gradient / (std::sqrt(first) + delta));
  }
};

struct AdaDeltaRule {
  static constexpr int kHistories = 2;
  static constexpr bool kMovesByRate = false;
  float momentum;
  float delta;
  float operator()(float gradient, float rate, float& first, float& second) const {
    first = (1 - momentum) * (gradient * gradient) + momentum * first;
    const float update = gradient * std::sqrt((delta + second) / (delta + first));
    second = (1 - momentum) * (update * update) + momentum * second;
    return rate * update;
  }
};

struct AdamRule {
  static constexpr int kHistories = 2;
  static constexpr bool kMovesByRate = false;
  float momentum;
  float momentum2;
  float delta;
  float correction;  // of the bias towards zero that the histories begin with
  float operator()(float gradient, float rate, float& first, float& second) const {
    first = (1 - momentum) * gradient + momentum * first;
    second = (1 - momentum2) * (gradient * gradient) + momentum2 * second;
    return rate * correction * (first / (std::sqrt(second) + delta));
  }
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_UPDATE_RULES_H_
