#include "initial_weights.h"

#include <string>
#include <utility>

#include "../failure.h"

namespace caffe_node {

namespace {

bool Fits(const caffe::BlobProto& source, caffe::Blob<float>& target) {
  const int values = source.double_data_size() > 0 ? source.double_data_size() : source.data_size();
  const int diffs = source.double_diff_size() > 0 ? source.double_diff_size() : source.diff_size();
  return target.ShapeEquals(source) && values == target.count() && (diffs == 0 || diffs == target.count());
}

Failure Unfit(const caffe::LayerParameter& layer, const std::string& what) {
  FailureDetails details;
  details.layer = layer.name();
  details.hint = "Remove its `blobs` from the network, and load the weights separately.";
  return Failure("WEIGHTS", "The network's text gives layer '" + layer.name() + "' " + what + ".", std::move(details));
}

}  // namespace

caffe::NetParameter WithoutWeights(const caffe::NetParameter& param) {
  caffe::NetParameter bare = param;
  for (caffe::LayerParameter& layer : *bare.mutable_layer()) layer.clear_blobs();
  return bare;
}

void PutWeights(const caffe::NetParameter& param, caffe::Net<float>* net) {
  for (const caffe::LayerParameter& layer : param.layer()) {
    if (layer.blobs_size() == 0 || !net->has_layer(layer.name())) continue;
    const auto& targets = net->layer_by_name(layer.name())->blobs();
    if (targets.size() != static_cast<std::size_t>(layer.blobs_size())) {
      throw Unfit(layer, std::to_string(layer.blobs_size()) + " parameters; it has " + std::to_string(targets.size()));
    }
    for (int i = 0; i < layer.blobs_size(); ++i) {
      if (!Fits(layer.blobs(i), *targets[i])) {
        throw Unfit(layer, "a parameter " + std::to_string(i) + " that does not fit its shape, " + targets[i]->shape_string());
      }
      targets[i]->FromProto(layer.blobs(i), false);
    }
  }
}

}  // namespace caffe_node
