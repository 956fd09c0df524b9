// Decides for each batch of a training whether a plan of the fast engine or Caffe goes through it.
#ifndef CAFFE_NODE_TRAINING_ENGINE_H_
#define CAFFE_NODE_TRAINING_ENGINE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine_options.h"
#include "net_engine.h"
#include "plan_rules.h"

namespace caffe_node {

class TrainingEngine {
 public:
  // Throws UNSUPPORTED where the caller insists on a plan and the net can have none.
  TrainingEngine(FloatNet* net, EngineOptions options);
  TrainingEngine(const TrainingEngine&) = delete;
  TrainingEngine& operator=(const TrainingEngine&) = delete;

  // Why Caffe is to go through all batches; empty where this engine does.
  std::string WhyCaffe() const;
  // What Net::ForwardBackward does. Afterwards WhyCaffe tells whether Caffe has done it after all.
  float ForwardBackward(const StopFlag& stop, Gradients gradients);
  // Nothing before the first batch, and where Caffe goes through all of them.
  std::optional<PlanFacts> Describe() const;
  std::int64_t Bytes() const { return plan_ ? plan_->Bytes() : 0; }

 private:
  // Makes the plan; false when there can be none, and Caffe is to compute from now on.
  bool Prepare();
  // The same batch by Caffe and by the plan.
  float Compare(const StopFlag& stop);
  // What went wrong, in words; throws what is to reach the caller.
  std::string Try(const std::function<void()>& body) const;
  void SettleOnCaffe(const std::string& reason);

  FloatNet* const net_;
  const EngineOptions options_;
  std::string settled_;  // why Caffe computes all batches from now on
  std::unique_ptr<TrainingPlan> plan_;
  int threads_ = 0;  // that the plan was made for
  bool trusted_ = false;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_TRAINING_ENGINE_H_
