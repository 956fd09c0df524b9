// What `caffe time` does: a net of its own, run forward and backward with a clock around each layer.
#ifndef CAFFE_NODE_NET_TIMING_H_
#define CAFFE_NODE_NET_TIMING_H_

#include <caffe/proto/caffe.pb.h>
#include <napi.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net_state.h"
#include "weights.h"

namespace caffe_node {

// One iteration, in milliseconds; a layer's place is its index in the net. The totals hold what is done between layers as well.
struct IterationTimes {
  std::vector<double> forward;
  std::vector<double> backward;
  double forward_total = 0;
  double backward_total = 0;
};

// Used on its lane only, but for the facts about layers, which do not change.
class NetTiming {
 public:
  NetTiming(Lane* lane, const caffe::NetParameter& param, const std::vector<WeightsSource>& weights, unsigned seed);
  NetTiming(const NetTiming&) = delete;
  NetTiming& operator=(const NetTiming&) = delete;

  IterationTimes Run(const StopFlag& stop);
  // The net died with its thread inside a Caffe that cannot throw. Whoever calls this sees to it that the object stays for ever.
  void Abandon() { net_->Abandon(); }
  const std::vector<LayerFacts>& layers() const { return net_->layers(); }
  Lane* lane() const { return net_->lane(); }

 private:
  using Clock = std::chrono::steady_clock;

  // Caffe calls run() before or after each layer.
  class Hook final : public caffe::Net<float>::Callback {
   public:
    using Reaction = void (NetTiming::*)(int layer);
    Hook(NetTiming* timing, Reaction react) : timing_(timing), react_(react) {}

   protected:
    void run(int layer) override { (timing_->*react_)(layer); }

   private:
    NetTiming* const timing_;
    const Reaction react_;
  };

  void Start(int) { started_ = Clock::now(); }
  void StopForward(int layer);
  void StopBackward(int layer);
  void Forward(const StopFlag& stop);
  void Backward(const StopFlag& stop);
  void BackwardOf(int layer, const StopFlag& stop);

  Hook start_{this, &NetTiming::Start};
  Hook stop_forward_{this, &NetTiming::StopForward};
  Hook stop_backward_{this, &NetTiming::StopBackward};
  Clock::time_point started_;
  IterationTimes times_;
  std::unique_ptr<NetState> net_;
};

// openNetTiming(request).
void RegisterNetTiming(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_TIMING_H_
