// The fast engine as nets and solvers know it: a loaded net, compiled into a list of primitives. binding/onednn/ implements it;
// where the addon is built without oneDNN, binding/without_onednn/ says so.
//
// Plans live and run on their net's lane. They hold on to the net's blobs and layers: whoever reshapes the net or gives it other
// parameters makes a new plan, or calls UpdateParameters where only values changed. They ask the blobs for their memory in each
// run: it changes in between.
//
// A layer that Caffe runs inside a plan is run by net->ForwardFromTo(layer, layer) and BackwardFromTo: their callbacks stop a run
// and refuse what the layer would crash on (LayerWatch).
#ifndef CAFFE_NODE_NET_PLAN_H_
#define CAFFE_NODE_NET_PLAN_H_

#include <caffe/net.hpp>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "stop_flag.h"

namespace caffe_node {

using FloatNet = caffe::Net<float>;

enum class Precision { kF32, kBf16 };

// What the build and the processor can do.
struct EngineFeatures {
  std::string version;  // of oneDNN; empty where the addon was built without
  bool bf16 = false;
  bool amx = false;
};
EngineFeatures DetectEngine();

struct PlanSettings {
  Precision precision = Precision::kF32;
  // Threads that the plan is made for; it must be run with as many.
  int threads = 1;
  // Blobs of the net whose values a run puts into Caffe's own blobs.
  std::vector<std::string> wanted;
  // The file that keeps which algorithms were fastest, for the next plan of the same layers; empty for none.
  std::string tuning_file;
};

// A step of a plan, in words.
struct PlannedStep {
  std::vector<int> layers;  // of the net, that this step stands for
  bool in_caffe = false;    // run by Caffe itself
  std::string primitive;    // which implementation: "jit_wino:avx512_core"
  std::string format;       // of what it writes: "nChw16c"
  double milliseconds = 0;  // in the last timed run; 0 before
};

class InferencePlan {
 public:
  virtual ~InferencePlan() = default;
  // Computes the wanted blobs from what Caffe's blobs hold that layers without bottoms fill: inputs, and the tops of data layers,
  // which the caller has run (Graph::sources). Looks at `stop` between steps.
  virtual void Run(const StopFlag& stop) = 0;
  // The same, with a clock around each step.
  virtual void RunTimed(const StopFlag& stop) = 0;
  // Takes up the parameters of these layers as Caffe's blobs hold them now.
  virtual void UpdateParameters(const std::vector<int>& layers) = 0;
  // The net's parameters that a run reads where they lie; of the others the plan has copies.
  virtual std::set<const caffe::Blob<float>*> ParametersInUse() const = 0;
  virtual std::vector<PlannedStep> Describe() const = 0;
  // Memory of the plan's own: buffers, scratch memory, prepared weights.
  virtual std::int64_t Bytes() const = 0;
};

// Throws UNSUPPORTED, with the layer where there is one, for what it cannot plan; SHAPE where memory does not suffice.
std::unique_ptr<InferencePlan> PlanInference(FloatNet* net, const PlanSettings& settings);

// Which data a training plan goes through: what the layers without bottoms give next, or what they hold, once more.
enum class TrainingBatch { kNext, kSame };
// What becomes of what the diffs of the parameters hold: the gradients are added to it, or take its place.
enum class Gradients { kAdd, kReplace };

class TrainingPlan {
 public:
  virtual ~TrainingPlan() = default;
  // What Net::ForwardBackward does: returns the loss, has the gradients in the diffs of the parameters, fills the net's outputs.
  // Where the data has come to another shape, Caffe goes through it; the plan is made anew when the shape stays.
  virtual float ForwardBackward(const StopFlag& stop, TrainingBatch batch, Gradients gradients) = 0;
  // With the time that each step took in the last run.
  virtual std::vector<PlannedStep> Describe() const = 0;
  virtual std::int64_t Bytes() const = 0;
};

// Throws as PlanInference.
std::unique_ptr<TrainingPlan> PlanTraining(FloatNet* net, const PlanSettings& settings);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_PLAN_H_
