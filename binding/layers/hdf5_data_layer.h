// Caffe's HDF5Data, which trusts its files, as the HDF5 library does: here they are read by our own reader; only those in forms
// that it does not know (compressed ones, say) by the library, one thread at a time, once their shapes are known to be sound.
#ifndef CAFFE_NODE_LAYERS_HDF5_DATA_LAYER_H_
#define CAFFE_NODE_LAYERS_HDF5_DATA_LAYER_H_

#include <caffe/layers/hdf5_data_layer.hpp>
#include <string>
#include <vector>

namespace caffe_node {

class Hdf5DataLayer final : public caffe::HDF5DataLayer<float> {
 public:
  explicit Hdf5DataLayer(const caffe::LayerParameter& param) : caffe::HDF5DataLayer<float>(param) {}

  void LayerSetUp(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;
  // Gives tops that were reshaped from outside their shape back: Caffe writes whole batches whatever their shape is.
  void Reshape(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) override;

 protected:
  void LoadHDF5FileData(const char* filename) override;

 private:
  void Load(const std::string& path);
  void LoadByReader(const std::string& path);
  void LoadByLibrary(const std::string& path);
  void CheckShapes(const std::string& path, const std::vector<std::vector<int>>& shapes) const;

  std::vector<std::vector<int>> top_shapes_;  // empty during the set-up
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_HDF5_DATA_LAYER_H_
