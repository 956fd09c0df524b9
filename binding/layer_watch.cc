#include "layer_watch.h"

#include <algorithm>
#include <cfloat>

#include "checks/indices.h"
#include "checks/undecided_pools.h"
#include "checks/values.h"

namespace caffe_node {

namespace {

bool PoolsByMaximum(const caffe::LayerParameter& layer) {
  if (layer.type() == "Pooling") return layer.pooling_param().pool() == caffe::PoolingParameter::MAX;
  return layer.type() == "SPP" && layer.spp_param().pool() == caffe::SPPParameter::MAX;
}

}  // namespace

LayerWatch::LayerWatch(caffe::Net<float>* net, LayerEvents* events) : net_(net), events_(events) {
  net->add_before_forward(&before_forward_);
  net->add_after_forward(&after_forward_);
  net->add_before_backward(&before_backward_);
  net->add_after_backward(&after_backward_);
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

void LayerWatch::BeforeForward(int layer) {
  Enter(layer);
  CheckForward(layer);
  events_->Add({layer, false, false});
}

void LayerWatch::AfterForward(int layer) {
  NoteUndecidedPool(layer);
  events_->Add({layer, false, true});
}

void LayerWatch::BeforeBackward(int layer) {
  Enter(layer);
  CheckBackward(layer);
  events_->Add({layer, true, false});
}

void LayerWatch::AfterBackward(int layer) { events_->Add({layer, true, true}); }

void LayerWatch::CheckForward(int layer) {
  RequireBottoms(*net_, layer);
  CheckIndices(*net_, layer);
}

void LayerWatch::NoteUndecidedPool(int layer) {
  const auto& one = *net_->layers()[layer];
  if (!net_->layer_need_backward()[layer] || !PoolsByMaximum(one.layer_param())) return;
  const caffe::Blob<float>& top = *net_->top_vecs()[layer][0];
  const float* const values = top.cpu_data();
  const bool undecided = std::any_of(values, values + top.count(), [](float value) { return !(value > -FLT_MAX); });
  if (undecided) {
    undecided_pools_.insert(layer);
  } else {
    undecided_pools_.erase(layer);
  }
}

void LayerWatch::CheckBackward(int layer) {
  if (net_->layer_need_backward()[layer]) {
    RequireTops(*net_, layer);
    CheckIndices(*net_, layer);
    CheckMasks(*net_, layer);
  }
  if (undecided_pools_.count(layer) > 0) throw UndecidedPool();
}

}  // namespace caffe_node
