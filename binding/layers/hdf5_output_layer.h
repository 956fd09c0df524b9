// HDF5Output: writes its two bottoms, `data` and `label`, into a file. Caffe's own truncates the file when the net is loaded, can
// write it only once, and ends the process when the disk is full; this one writes the file anew, whole, with every batch.
#ifndef CAFFE_NODE_LAYERS_HDF5_OUTPUT_LAYER_H_
#define CAFFE_NODE_LAYERS_HDF5_OUTPUT_LAYER_H_

#include <caffe/layer.hpp>
#include <vector>

namespace caffe_node {

class Hdf5OutputLayer final : public caffe::Layer<float> {
 public:
  explicit Hdf5OutputLayer(const caffe::LayerParameter& param) : caffe::Layer<float>(param) {}

  void Reshape(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  const char* type() const override { return "HDF5Output"; }
  int ExactNumBottomBlobs() const override { return 2; }
  int ExactNumTopBlobs() const override { return 0; }

 protected:
  void Forward_cpu(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  void Backward_cpu(const std::vector<caffe::Blob<float>*>&, const std::vector<bool>&,
                    const std::vector<caffe::Blob<float>*>&) override {}
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_HDF5_OUTPUT_LAYER_H_
