#include "registry.h"

#include <boost/make_shared.hpp>
#include <caffe/layer_factory.hpp>
#include <mutex>

#include "data_layer.h"

namespace caffe_node {

namespace {

boost::shared_ptr<caffe::Layer<float>> CreateDataLayer(const caffe::LayerParameter& param) {
  return boost::make_shared<DataLayer>(param);
}

}  // namespace

void RegisterLayers() {
  static std::once_flag once;
  // By assignment: AddCreator refuses a type that is registered already, and the stock layer is.
  std::call_once(once, [] { caffe::LayerRegistry<float>::Registry()["Data"] = CreateDataLayer; });
}

}  // namespace caffe_node
