#include "refusal.h"

#include <utility>

namespace caffe_node {

namespace {

std::string NameOf(const caffe::LayerParameter& layer) { return "Layer '" + layer.name() + "' (" + layer.type() + ") "; }

FailureDetails DetailsOf(const caffe::LayerParameter& layer, const std::string& hint) {
  FailureDetails details;
  details.layer = layer.name();
  details.hint = hint;
  return details;
}

}  // namespace

Failure Refused(const caffe::LayerParameter& layer, const std::string& given, const std::string& expected,
                const std::string& hint) {
  return Failure("PROTOTXT", NameOf(layer) + "has " + given + "; " + expected + ".", DetailsOf(layer, hint));
}

Failure Misshapen(const caffe::LayerParameter& layer, const std::string& problem, const std::string& hint) {
  return Failure("SHAPE", NameOf(layer) + problem + ".", DetailsOf(layer, hint));
}

}  // namespace caffe_node
