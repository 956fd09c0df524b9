#include "registry.h"

#include <boost/make_shared.hpp>
#include <caffe/layer_factory.hpp>
#include <mutex>

#include "../checks/creation.h"
#include "data_layer.h"
#include "hdf5_data_layer.h"
#include "hdf5_output_layer.h"
#include "javascript_layer.h"

namespace caffe_node {

namespace {

template <typename Layer>
boost::shared_ptr<caffe::Layer<float>> Create(const caffe::LayerParameter& param) {
  return boost::make_shared<Layer>(param);
}

}  // namespace

void RegisterLayers() {
  static std::once_flag once;
  // By assignment: AddCreator refuses a type that is registered already, and the stock layer is.
  std::call_once(once, [] {
    auto& registry = caffe::LayerRegistry<float>::Registry();
    registry["Data"] = Create<DataLayer>;
    registry["HDF5Data"] = Create<Hdf5DataLayer>;
    registry["HDF5Output"] = Create<Hdf5OutputLayer>;
    registry["JavaScript"] = Create<JavaScriptLayer>;
    // So that networks written for pycaffe find their layers once they are ported.
    registry.emplace("Python", Create<JavaScriptLayer>);
    WatchCreation();
  });
}

}  // namespace caffe_node
