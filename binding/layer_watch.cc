#include "layer_watch.h"

#include <string>

namespace caffe_node {

namespace {

// HingeLoss and MultinomialLogisticLoss use the label as an index without looking at it; the other losses check it themselves.
void CheckLabels(caffe::Net<float>& net, int layer) {
  const std::string type = net.layers()[layer]->type();
  if (type != "HingeLoss" && type != "MultinomialLogisticLoss") return;
  const auto& bottoms = net.bottom_vecs()[layer];
  const int classes = bottoms[0]->count() / std::max(1, bottoms[0]->num());
  const float* labels = bottoms[1]->cpu_data();
  for (int i = 0; i < bottoms[1]->count(); ++i) {
    if (!(labels[i] >= 0 && labels[i] < static_cast<float>(classes))) {
      throw Failure("INPUT", "Label " + std::to_string(labels[i]) + " of item " + std::to_string(i) + " is not a class: there are " +
                                 std::to_string(classes) + ", from 0.");
    }
  }
}

}  // namespace

LayerWatch::LayerWatch(caffe::Net<float>* net) : net_(net) {
  net->add_before_forward(&before_forward_);
  net->add_before_backward(&before_backward_);
}

void LayerWatch::Begin(const StopFlag& stop) {
  stop_ = &stop;
  layer_ = -1;
}

void LayerWatch::End() { stop_ = nullptr; }

void LayerWatch::Enter(int layer) {
  layer_ = layer;
  if (stop_ != nullptr) stop_->Check();
}

void LayerWatch::BeforeForward::run(int layer) {
  watch_->Enter(layer);
  CheckLabels(*watch_->net_, layer);
}

void LayerWatch::BeforeBackward::run(int layer) { watch_->Enter(layer); }

}  // namespace caffe_node
