// Caffe's own answer to hold a plan's against.
#ifndef CAFFE_NODE_PLAN_CHECK_H_
#define CAFFE_NODE_PLAN_CHECK_H_

#include <string>
#include <vector>

#include "net_plan.h"

namespace caffe_node {

// Runs all layers that have bottoms, by Caffe itself.
void RunLayersWithBottoms(FloatNet* net);

// The values of blobs, to be put back.
class KeptValues {
 public:
  KeptValues(FloatNet* net, const std::vector<std::string>& blobs);
  void PutBack() const;
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::vector<float>>& values() const { return values_; }

 private:
  FloatNet* const net_;
  const std::vector<std::string> names_;
  std::vector<std::vector<float>> values_;
};

class CaffesAnswer {
 public:
  // Runs the net. What is not wanted is freed behind the last layer that reads it, so that this takes little more memory than
  // the plan will.
  CaffesAnswer(FloatNet* net, const std::vector<std::string>& wanted);
  // What is in the blobs now, against the answer: empty where they agree, else what is wrong.
  std::string Disagreement(Precision precision) const;
  // Puts the answer into the blobs.
  void PutBack() const { kept_.PutBack(); }

 private:
  FloatNet* const net_;
  const KeptValues kept_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_PLAN_CHECK_H_
