// What about a net keeps it from the fast engine, or from being run twice over the same inputs.
#ifndef CAFFE_NODE_PLAN_RULES_H_
#define CAFFE_NODE_PLAN_RULES_H_

#include <caffe/net.hpp>
#include <optional>
#include <string>
#include <vector>

namespace caffe_node {

using FloatNet = caffe::Net<float>;

struct Obstacle {
  std::string layer;
  std::string reason;
};

// Layers whose tops are there before a run: inputs, and what reads or makes up data.
std::vector<int> LayersWithoutBottoms(const FloatNet& net);
// Why there can be no plan.
std::optional<Obstacle> WhyNotPlanned(const FloatNet& net);
// Why going through a batch of a training twice would give something else, or do something twice.
std::optional<Obstacle> WhyNotTrainedTwice(const FloatNet& net);
// Why a second run would give something else, or do something twice.
std::optional<Obstacle> WhyNotRepeated(const FloatNet& net);

}  // namespace caffe_node

#endif  // CAFFE_NODE_PLAN_RULES_H_
