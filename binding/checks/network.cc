#include "network.h"

#include <algorithm>
#include <set>
#include <string>

#include "refusal.h"

namespace caffe_node {

namespace {

// Layers whose top has the shape of their bottom. Caffe lets others work in place, too, and then they write beyond their memory.
const std::set<std::string>& ElementWise() {
  static const std::set<std::string> types{"BNLL",  "BatchNorm", "Bias",    "Clip",  "Dropout", "ELU",      "Eltwise",
                                           "Exp",   "LRN",       "Log",     "MVN",   "PReLU",   "Power",    "ReLU",
                                           "Scale", "Sigmoid",   "Softmax", "Swish", "TanH",    "Threshold"};
  return types;
}

// These overwrite their bottom before they have read all of it.
bool OverwritesItself(const caffe::LayerParameter& layer) {
  if (layer.type() == "Eltwise") return layer.eltwise_param().operation() != caffe::EltwiseParameter::PROD;
  return layer.type() == "LRN" && layer.lrn_param().norm_region() == caffe::LRNParameter::ACROSS_CHANNELS;
}

void CheckInPlace(const caffe::LayerParameter& layer) {
  const bool keeps_shape = ElementWise().count(layer.type()) > 0;
  if (keeps_shape && !OverwritesItself(layer)) return;
  for (const std::string& top : layer.top()) {
    if (std::find(layer.bottom().begin(), layer.bottom().end(), top) == layer.bottom().end()) continue;
    throw Refused(
        layer, "the blob '" + top + "' as bottom and top",
        keeps_shape ? "it would overwrite what it has not read yet" : "only layers that keep the shape can work in place",
        "Give its top a name of its own.");
  }
}

void CheckPropagateDown(const caffe::LayerParameter& layer) {
  if (layer.propagate_down_size() == 0 || layer.propagate_down_size() == layer.bottom_size()) return;
  throw Refused(
      layer,
      std::to_string(layer.propagate_down_size()) + " × propagate_down and " + std::to_string(layer.bottom_size()) + " × bottom",
      "one for each bottom is needed, or none");
}

void CheckRules(const caffe::LayerParameter& layer) {
  if (layer.include_size() == 0 || layer.exclude_size() == 0) return;
  throw Refused(layer, "include and exclude rules", "it can have one of the two");
}

}  // namespace

void CheckInputFields(const caffe::NetParameter& net) {
  const int given = net.input_shape_size() > 0 ? net.input_shape_size() : net.input_dim_size() / 4;
  const bool has_shapes = net.input_shape_size() > 0 || net.input_dim_size() > 0;
  if (!has_shapes || given >= net.input_size()) return;
  FailureDetails details;
  details.hint = "Give each input an input_shape, or four input_dim; better, write Input layers.";
  throw Failure(
      "PROTOTXT",
      "The network names " + std::to_string(net.input_size()) + " inputs and has shapes for " + std::to_string(given) + ".",
      std::move(details));
}

void CheckNet(const caffe::NetParameter& net) {
  for (const caffe::LayerParameter& layer : net.layer()) {
    CheckInPlace(layer);
    CheckPropagateDown(layer);
    CheckRules(layer);
  }
}

}  // namespace caffe_node
