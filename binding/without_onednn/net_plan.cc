#include "../net_plan.h"

#include "../failure.h"

namespace caffe_node {

namespace {

[[noreturn]] void Refuse() {
  FailureDetails details;
  details.hint = "Install oneDNN's development files (libdnnl-dev), run `npm run build`, or use engine: 'caffe'.";
  throw Failure("UNSUPPORTED", "This build of caffe-node has no oneDNN.", std::move(details));
}

}  // namespace

EngineFeatures DetectEngine() { return {}; }

std::unique_ptr<InferencePlan> PlanInference(FloatNet*, const PlanSettings&) { Refuse(); }

std::unique_ptr<TrainingPlan> PlanTraining(FloatNet*, const PlanSettings&) { Refuse(); }

}  // namespace caffe_node
