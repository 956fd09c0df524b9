// Layers of Caffe for which a check is not enough: what they do wrong is put right here.
#ifndef CAFFE_NODE_CHECKS_MENDED_LAYERS_H_
#define CAFFE_NODE_CHECKS_MENDED_LAYERS_H_

#include <caffe/layers/concat_layer.hpp>
#include <caffe/layers/contrastive_loss_layer.hpp>
#include <caffe/layers/flatten_layer.hpp>
#include <caffe/layers/infogain_loss_layer.hpp>
#include <caffe/layers/pooling_layer.hpp>
#include <caffe/layers/split_layer.hpp>
#include <caffe/layers/spp_layer.hpp>
#include <utility>
#include <vector>

#include "creation.h"
#include "guarded_layer.h"

namespace caffe_node {

// Caffe sizes its buffers for the batch of the set-up, and writes beyond them when a larger one comes.
class ContrastiveLoss final : public GuardedLayer<caffe::ContrastiveLossLayer<float>, CheckContrastiveLoss> {
 public:
  using GuardedLayer::GuardedLayer;
  void Reshape(const Blobs& bottoms, const Blobs& tops) override;
};

// Caffe reads the file of its matrix without looking. And its debug checks, which are checks here, refuse a negative label on the
// way back before they ask whether that label is to be ignored.
class InfogainLoss final : public GuardedLayer<caffe::InfogainLossLayer<float>, CheckInfogainLoss> {
 public:
  using GuardedLayer::GuardedLayer;
  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override;

 protected:
  void Backward_cpu(const Blobs& tops, const std::vector<bool>& propagate_down, const Blobs& bottoms) override;

 private:
  void BackwardWithoutIgnored(const Blobs& tops, const std::vector<bool>& propagate_down, const Blobs& bottoms);
};

// Caffe never gives back what its inner layers are made of.
class Spp final : public GuardedLayer<caffe::SPPLayer<float>, CheckSpp> {
 public:
  using GuardedLayer::GuardedLayer;
  ~Spp() override;
};

// The net inside it has a trace of its own: what goes wrong in there concerns this layer.
template <typename Base>
class Recurrent final : public GuardedLayer<Base, CheckRecurrent> {
 public:
  using GuardedLayer<Base, CheckRecurrent>::GuardedLayer;
  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override {
    const CreationTrace inside;
    try {
      GuardedLayer<Base, CheckRecurrent>::LayerSetUp(bottoms, tops);
    } catch (...) {
      const Failure failure = AsFailure(std::current_exception());
      FailureDetails details = failure.details();
      details.layer = this->layer_param_.name();
      throw Failure(failure.code(), failure.what(), std::move(details));
    }
  }
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_MENDED_LAYERS_H_
