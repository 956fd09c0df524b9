#include "mended_layers.h"

#include <algorithm>

#include "files.h"

namespace caffe_node {

namespace {

template <typename Owned>
void DeleteAll(const std::vector<Owned*>& all) {
  for (Owned* one : all) delete one;
}

}  // namespace

void ContrastiveLoss::Reshape(const Blobs& bottoms, const Blobs& tops) {
  GuardedLayer::Reshape(bottoms, tops);
  diff_.ReshapeLike(*bottoms[0]);
  diff_sq_.ReshapeLike(*bottoms[0]);
  dist_sq_.Reshape(bottoms[0]->num(), 1, 1, 1);
}

void InfogainLoss::LayerSetUp(const Blobs& bottoms, const Blobs& tops) {
  const caffe::InfogainLossParameter& param = layer_param_.infogain_loss_param();
  if (bottoms.size() < 3 && param.has_source()) CheckBlobFile(param.source());
  GuardedLayer::LayerSetUp(bottoms, tops);
}

void InfogainLoss::Backward_cpu(const Blobs& tops, const std::vector<bool>& propagate_down, const Blobs& bottoms) {
  const bool to_scores_only = propagate_down[0] && std::count(propagate_down.begin(), propagate_down.end(), true) == 1;
  if (has_ignore_label_ && ignore_label_ < 0 && to_scores_only) {
    BackwardWithoutIgnored(tops, propagate_down, bottoms);
  } else {
    GuardedLayer::Backward_cpu(tops, propagate_down, bottoms);
  }
}

// Caffe sees class 0 in the place of the label to be ignored; the gradient there is taken back afterwards, and so is its part in
// the number that the others were divided by.
void InfogainLoss::BackwardWithoutIgnored(const Blobs& tops, const std::vector<bool>& propagate_down, const Blobs& bottoms) {
  caffe::Blob<float> labels(bottoms[1]->shape());
  std::vector<int> ignored;
  for (int i = 0; i < labels.count(); ++i) {
    const float label = bottoms[1]->cpu_data()[i];
    const bool ignore = static_cast<int>(label) == ignore_label_;
    labels.mutable_cpu_data()[i] = ignore ? 0 : label;
    if (ignore) ignored.push_back(i);
  }
  Blobs replaced = bottoms;
  replaced[1] = &labels;
  has_ignore_label_ = false;
  GuardedLayer::Backward_cpu(tops, propagate_down, replaced);
  has_ignore_label_ = true;

  const int used = labels.count() - static_cast<int>(ignored.size());
  bottoms[0]->scale_diff(get_normalizer(normalization_, labels.count()) / get_normalizer(normalization_, used));
  float* const diff = bottoms[0]->mutable_cpu_diff();
  for (const int i : ignored) {
    for (int label = 0; label < num_labels_; ++label) {
      diff[(i / inner_num_ * num_labels_ + label) * inner_num_ + i % inner_num_] = 0;
    }
  }
}

Spp::~Spp() {
  DeleteAll(split_top_vec_);
  DeleteAll(pooling_bottom_vecs_);
  DeleteAll(pooling_top_vecs_);
  DeleteAll(pooling_outputs_);
  DeleteAll(flatten_layers_);
  DeleteAll(flatten_top_vecs_);
  DeleteAll(flatten_outputs_);
}

}  // namespace caffe_node
