// Stands between the layers of a running net: stops it, and checks what the next layer would crash on.
#ifndef CAFFE_NODE_LAYER_WATCH_H_
#define CAFFE_NODE_LAYER_WATCH_H_

#include <caffe/net.hpp>
#include <set>

#include "executor.h"

namespace caffe_node {

class LayerWatch {
 public:
  explicit LayerWatch(caffe::Net<float>* net);
  LayerWatch(const LayerWatch&) = delete;
  LayerWatch& operator=(const LayerWatch&) = delete;

  void Begin(const StopFlag& stop);
  void End();
  // The layer that runs, or ran last; -1 before the first.
  int layer() const { return layer_; }

 private:
  // Caffe calls run() around each layer.
  class BeforeForward final : public caffe::Net<float>::Callback {
   public:
    explicit BeforeForward(LayerWatch* watch) : watch_(watch) {}

   protected:
    void run(int layer) override;

   private:
    LayerWatch* const watch_;
  };
  class AfterForward final : public caffe::Net<float>::Callback {
   public:
    explicit AfterForward(LayerWatch* watch) : watch_(watch) {}

   protected:
    void run(int layer) override;

   private:
    LayerWatch* const watch_;
  };
  class BeforeBackward final : public caffe::Net<float>::Callback {
   public:
    explicit BeforeBackward(LayerWatch* watch) : watch_(watch) {}

   protected:
    void run(int layer) override;

   private:
    LayerWatch* const watch_;
  };

  void Enter(int layer);

  caffe::Net<float>* const net_;
  BeforeForward before_forward_{this};
  AfterForward after_forward_{this};
  BeforeBackward before_backward_{this};
  const StopFlag* stop_ = nullptr;
  int layer_ = -1;
  std::set<int> undecided_pools_;  // see AfterForward::run
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYER_WATCH_H_
