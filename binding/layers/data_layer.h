// Our Data layer, in place of Caffe's: it decodes JPEG and PNG without OpenCV, shuffles every epoch when the layer has
// `image_data_param { shuffle: true }`, and can go to any item, so that a restored training sees what it would have seen.
#ifndef CAFFE_NODE_LAYERS_DATA_LAYER_H_
#define CAFFE_NODE_LAYERS_DATA_LAYER_H_

#include <caffe/layer.hpp>
#include <caffe/net.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "batch_reader.h"
#include "data_settings.h"
#include "prefetcher.h"

namespace caffe_node {

// Used by one thread at a time. Prefetching starts with the first Forward, so that a net which is only looked at costs nothing.
class DataLayer final : public caffe::Layer<float> {
 public:
  explicit DataLayer(const caffe::LayerParameter& param) : caffe::Layer<float>(param) {}

  void LayerSetUp(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  void Reshape(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  const char* type() const override { return "Data"; }
  int ExactNumBottomBlobs() const override { return 0; }
  int MinTopBlobs() const override { return 1; }
  int MaxTopBlobs() const override { return 2; }

  // The next Forward begins with this item; 0 is the first of the first epoch.
  void Rewind(std::uint64_t item);
  // The item that the next Forward begins with.
  std::uint64_t cursor() const { return cursor_; }
  // What shuffling, crops and mirrors depend on, beside the item. Without it, the seed is drawn from Caffe's generator at set-up.
  void SetSeed(unsigned seed);
  unsigned seed() const { return seed_; }
  // How long Forward has waited for batches, in all.
  double seconds_waited() const { return seconds_waited_; }

 protected:
  // Throws DATASET when an image of the batch cannot be used; the next Forward goes on behind that batch.
  void Forward_cpu(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  void Backward_cpu(const std::vector<caffe::Blob<float>*>&, const std::vector<bool>&,
                    const std::vector<caffe::Blob<float>*>&) override {}

 private:
  void Take();
  void AwaitBatch();
  void StartPrefetching();
  std::size_t PrefetchDepth() const;

  DataSettings settings_;
  std::shared_ptr<const Database> database_;
  std::vector<int> top_shape_;  // of the images as they were at set-up
  std::uint64_t cursor_ = 0;
  unsigned seed_ = 0;
  double seconds_waited_ = 0;
  Batch batch_;  // the one that was delivered last
  std::unique_ptr<Prefetcher> prefetcher_;
};

// Of all Data layers of a net.
double SecondsWaited(const caffe::Net<float>& net);

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_DATA_LAYER_H_
