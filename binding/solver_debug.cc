#include "solver_debug.h"

#include <cmath>
#include <utility>

namespace caffe_node {

namespace {

using FloatBlob = caffe::Blob<float>;

float MeanOf(float sum, const FloatBlob& blob) { return blob.count() == 0 ? 0 : sum / static_cast<float>(blob.count()); }
float MeanData(const FloatBlob& blob) { return MeanOf(blob.asum_data(), blob); }
float MeanDiff(const FloatBlob& blob) { return MeanOf(blob.asum_diff(), blob); }

}  // namespace

DebugRecorder::DebugRecorder(caffe::Net<float>* net) : net_(net) {
  net->add_after_forward(&after_forward_);
  net->add_after_backward(&after_backward_);
}

void DebugRecorder::Begin() { report_.emplace(); }

DebugEntry& DebugRecorder::Add(const char* phase, int layer) {
  report_->entries.push_back({phase, net_->layer_names()[layer], std::string(), -1, std::nullopt, std::nullopt});
  return report_->entries.back();
}

void DebugRecorder::AfterForward(int layer) {
  for (std::size_t i = 0; i < net_->top_vecs()[layer].size(); ++i) {
    DebugEntry& entry = Add("forward", layer);
    entry.blob = net_->blob_names()[net_->top_ids(layer)[i]];
    entry.data = MeanData(*net_->top_vecs()[layer][i]);
  }
  const auto& params = net_->layers()[layer]->blobs();
  for (std::size_t i = 0; i < params.size(); ++i) {
    DebugEntry& entry = Add("forward", layer);
    entry.param = static_cast<int>(i);
    entry.data = MeanData(*params[i]);
  }
}

void DebugRecorder::AfterBackward(int layer) {
  if (!net_->layer_need_backward()[layer]) return;
  for (std::size_t i = 0; i < net_->bottom_vecs()[layer].size(); ++i) {
    if (!net_->bottom_need_backward()[layer][i]) continue;
    DebugEntry& entry = Add("backward", layer);
    entry.blob = net_->blob_names()[net_->bottom_ids(layer)[i]];
    entry.diff = MeanDiff(*net_->bottom_vecs()[layer][i]);
  }
  const auto& params = net_->layers()[layer]->blobs();
  for (std::size_t i = 0; i < params.size(); ++i) {
    if (!net_->layers()[layer]->param_propagate_down(static_cast<int>(i))) continue;
    DebugEntry& entry = Add("backward", layer);
    entry.param = static_cast<int>(i);
    entry.diff = MeanDiff(*params[i]);
  }
}

void DebugRecorder::GradientsReady() {
  if (!report_) return;
  DebugNorms& norms = report_->norms;
  float squares_data = 0;
  float squares_diff = 0;
  for (const FloatBlob* const param : net_->learnable_params()) {
    norms.l1_data += param->asum_data();
    norms.l1_diff += param->asum_diff();
    squares_data += param->sumsq_data();
    squares_diff += param->sumsq_diff();
  }
  norms.l2_data = std::sqrt(squares_data);
  norms.l2_diff = std::sqrt(squares_diff);
}

DebugReport DebugRecorder::End(int iteration) {
  for (std::size_t layer = 0; layer < net_->layers().size(); ++layer) {
    const auto& params = net_->layers()[layer]->blobs();
    for (std::size_t i = 0; i < params.size(); ++i) {
      DebugEntry& entry = Add("update", static_cast<int>(layer));
      entry.param = static_cast<int>(i);
      entry.data = MeanData(*params[i]);
      entry.diff = MeanDiff(*params[i]);  // what was subtracted
    }
  }
  DebugReport report = std::move(*report_);
  report_.reset();
  report.iteration = iteration;
  return report;
}

}  // namespace caffe_node
