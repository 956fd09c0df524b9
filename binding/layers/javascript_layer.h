// The layer type "JavaScript": what Python layers are to pycaffe. Its methods run on the main thread of the environment that made
// the net, while the lane waits.
#ifndef CAFFE_NODE_LAYERS_JAVASCRIPT_LAYER_H_
#define CAFFE_NODE_LAYERS_JAVASCRIPT_LAYER_H_

#include <caffe/layer.hpp>
#include <memory>
#include <vector>

#include "layer_call.h"

namespace caffe_node {

class JavaScriptLayer final : public caffe::Layer<float> {
 public:
  using Blobs = std::vector<caffe::Blob<float>*>;

  explicit JavaScriptLayer(const caffe::LayerParameter& param) : caffe::Layer<float>(param) {}

  // Throws PROTOTXT when the class is not registered.
  void LayerSetUp(const Blobs& bottom, const Blobs& top) override;
  // Throws SHAPE when a top has no shape afterwards.
  void Reshape(const Blobs& bottom, const Blobs& top) override;
  const char* type() const override { return layer_param_.type().c_str(); }

 protected:
  void Forward_cpu(const Blobs& bottom, const Blobs& top) override;
  // Throws UNSUPPORTED when the class has no backward method.
  void Backward_cpu(const Blobs& top, const std::vector<bool>& propagate_down, const Blobs& bottom) override;

 private:
  // The object of lib/javascript-layer.ts that runs the methods of the user's. Filled on the main thread, dropped on any.
  struct Driver {
    std::unique_ptr<KeptValue> object;
    bool has_backward = false;
  };

  void Run(LayerMethod method, const Blobs& bottom, const Blobs& top, const std::vector<bool>& propagate_down = {});
  void FinishTops(const Blobs& top);

  std::shared_ptr<Driver> driver_ = std::make_shared<Driver>();
  std::vector<int> weighted_counts_;  // of the tops, when their loss weights were written
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_JAVASCRIPT_LAYER_H_
