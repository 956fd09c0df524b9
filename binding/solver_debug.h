// What `debug_info: true` asks for: the mean absolute values of all blobs, parameters and gradients of an iteration. Caffe logs
// them as text; here they are kept as numbers.
#ifndef CAFFE_NODE_SOLVER_DEBUG_H_
#define CAFFE_NODE_SOLVER_DEBUG_H_

#include <caffe/net.hpp>
#include <optional>
#include <string>
#include <vector>

namespace caffe_node {

struct DebugEntry {
  const char* phase;  // "forward", "backward" or "update"
  std::string layer;
  std::string blob;  // a top (forward) or a bottom (backward); empty for a parameter
  int param = -1;    // index of the layer's parameter, or -1
  std::optional<float> data;
  std::optional<float> diff;
};

// Of all parameters that learn, before the update.
struct DebugNorms {
  float l1_data = 0;
  float l1_diff = 0;
  float l2_data = 0;
  float l2_diff = 0;
};

struct DebugReport {
  int iteration = 0;  // iterations done when this one is
  std::vector<DebugEntry> entries;
  DebugNorms norms;
};

// Hangs on a net for as long as the net lives. On the lane.
class DebugRecorder {
 public:
  explicit DebugRecorder(caffe::Net<float>* net);
  DebugRecorder(const DebugRecorder&) = delete;
  DebugRecorder& operator=(const DebugRecorder&) = delete;

  // Records from now on.
  void Begin();
  // When all gradients are there.
  void GradientsReady();
  // After the update.
  DebugReport End(int iteration);
  // Drops what was recorded, of an iteration that failed.
  void Cancel() { report_.reset(); }

 private:
  class Hook final : public caffe::Net<float>::Callback {
   public:
    using Reaction = void (DebugRecorder::*)(int layer);
    Hook(DebugRecorder* recorder, Reaction react) : recorder_(recorder), react_(react) {}

   protected:
    void run(int layer) override {
      if (recorder_->report_) (recorder_->*react_)(layer);
    }

   private:
    DebugRecorder* const recorder_;
    const Reaction react_;
  };

  void AfterForward(int layer);
  void AfterBackward(int layer);
  DebugEntry& Add(const char* phase, int layer);

  caffe::Net<float>* const net_;
  Hook after_forward_{this, &DebugRecorder::AfterForward};
  Hook after_backward_{this, &DebugRecorder::AfterBackward};
  std::optional<DebugReport> report_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_DEBUG_H_
