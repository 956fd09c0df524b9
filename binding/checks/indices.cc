#include "indices.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "../failure.h"

namespace caffe_node {

namespace {

using Layer = caffe::LayerParameter;
using Bottoms = std::vector<caffe::Blob<float>*>;

bool IsIndex(float value, int end) { return value >= 0 && value < static_cast<float>(end) && static_cast<int>(value) < end; }

std::string Text(float value) {
  return std::floor(value) == value && std::abs(value) < 1e9f ? std::to_string(static_cast<std::int64_t>(value))
                                                              : std::to_string(value);
}

// What a value stands for.
struct Kind {
  const char* name;  // of the value
  const char* of;    // what it must be one of
  const char* hint;
  bool whole;  // whether Caffe wants a whole number; otherwise it rounds towards zero
};
constexpr Kind kLabel{"Label", "a class", "Compare the labels of the data with the outputs of the layer below.", false};
constexpr Kind kWord{"Value", "a row of the table", "Give whole numbers below embed_param.input_dim.", true};
constexpr Kind kRow{"Index", "an item of the first bottom", "Give indices below its batch size.", false};
constexpr Kind kPlace{"Mask", "a place in the bottom", "Run forward first, and leave the mask as it is.", true};

struct Ignored {
  bool any = false;
  int label = 0;
};

Ignored IgnoredBy(const caffe::LossParameter& param) { return {param.has_ignore_label(), param.ignore_label()}; }

// The first `count` values of a blob must be below `end`.
void RequireIndices(const Kind& kind, const caffe::Blob<float>& blob, int count, int end, const Ignored& ignored = {}) {
  const float* const values = blob.cpu_data();
  for (int i = 0; i < count; ++i) {
    if (IsIndex(values[i], end) && (!kind.whole || std::floor(values[i]) == values[i])) continue;
    if (ignored.any && static_cast<int>(values[i]) == ignored.label) continue;
    FailureDetails details;
    details.hint = kind.hint;
    throw Failure("INPUT",
                  std::string(kind.name) + " " + Text(values[i]) + " of item " + std::to_string(i) + " is not " + kind.of +
                      ": there are " + std::to_string(end) + ", from 0.",
                  std::move(details));
  }
}

void CheckAccuracy(const Layer& layer, const Bottoms& bottoms) {
  const caffe::AccuracyParameter& param = layer.accuracy_param();
  RequireIndices(kLabel, *bottoms[1], bottoms[1]->count(), bottoms[0]->shape(param.axis()),
                 {param.has_ignore_label(), param.ignore_label()});
}

void CheckSoftmaxLoss(const Layer& layer, const Bottoms& bottoms) {
  RequireIndices(kLabel, *bottoms[1], bottoms[1]->count(), bottoms[0]->shape(layer.softmax_param().axis()),
                 IgnoredBy(layer.loss_param()));
}

void CheckInfogainLoss(const Layer& layer, const Bottoms& bottoms) {
  RequireIndices(kLabel, *bottoms[1], bottoms[1]->count(), bottoms[0]->shape(layer.infogain_loss_param().axis()),
                 IgnoredBy(layer.loss_param()));
}

// HingeLoss and MultinomialLogisticLoss: one label per item, whatever the shape of the labels.
void CheckItemLabels(const Layer&, const Bottoms& bottoms) {
  const int items = std::max(1, bottoms[0]->shape(0));
  RequireIndices(kLabel, *bottoms[1], std::min(items, bottoms[1]->count()), bottoms[0]->count() / items);
}

void CheckWords(const Layer& layer, const Bottoms& bottoms) {
  RequireIndices(kWord, *bottoms[0], bottoms[0]->count(), static_cast<int>(layer.embed_param().input_dim()));
}

void CheckRows(const Layer&, const Bottoms& bottoms) {
  RequireIndices(kRow, *bottoms[1], bottoms[1]->count(), bottoms[0]->shape(0));
}

using Check = void (*)(const Layer& layer, const Bottoms& bottoms);

const std::map<std::string, Check>& Checks() {
  static const std::map<std::string, Check> checks{
      {"Accuracy", CheckAccuracy},           {"BatchReindex", CheckRows},         {"Embed", CheckWords},
      {"HingeLoss", CheckItemLabels},        {"InfogainLoss", CheckInfogainLoss}, {"MultinomialLogisticLoss", CheckItemLabels},
      {"SoftmaxWithLoss", CheckSoftmaxLoss},
  };
  return checks;
}

}  // namespace

void CheckIndices(const caffe::Net<float>& net, int layer) {
  const caffe::LayerParameter& param = net.layers()[layer]->layer_param();
  const auto check = Checks().find(param.type());
  if (check != Checks().end()) check->second(param, net.bottom_vecs()[layer]);
}

void CheckMasks(const caffe::Net<float>& net, int layer) {
  const caffe::LayerParameter& param = net.layers()[layer]->layer_param();
  const auto& tops = net.top_vecs()[layer];
  if (param.type() != "Pooling" || tops.size() < 2 || param.pooling_param().pool() != caffe::PoolingParameter::MAX) return;
  const caffe::Blob<float>& bottom = *net.bottom_vecs()[layer][0];
  RequireIndices(kPlace, *tops[1], tops[1]->count(), bottom.shape(2) * bottom.shape(3));
}

}  // namespace caffe_node
