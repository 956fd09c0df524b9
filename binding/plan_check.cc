#include "plan_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "blob_memory.h"
#include "plan_rules.h"

namespace caffe_node {

namespace {

// The blobs that no layer after this one reads, by layer; without those that are wanted, or that layers without bottoms fill.
std::map<int, std::vector<int>> LastReadings(const FloatNet& net, const std::vector<std::string>& wanted) {
  std::set<int> kept;
  for (const int layer : LayersWithoutBottoms(net)) kept.insert(net.top_ids(layer).begin(), net.top_ids(layer).end());
  std::map<int, int> last;
  for (int layer = 0; layer < static_cast<int>(net.layers().size()); ++layer) {
    for (const int blob : net.bottom_ids(layer)) last[blob] = layer;
    for (const int blob : net.top_ids(layer)) last[blob] = layer;
  }
  std::map<int, std::vector<int>> by_layer;
  for (const auto& [blob, layer] : last) {
    const std::string& name = net.blob_names()[static_cast<std::size_t>(blob)];
    if (kept.count(blob) == 0 && std::find(wanted.begin(), wanted.end(), name) == wanted.end()) by_layer[layer].push_back(blob);
  }
  return by_layer;
}

void RunFreeing(FloatNet* net, const std::vector<std::string>& wanted) {
  const std::map<int, std::vector<int>> last_readings = LastReadings(*net, wanted);
  for (int layer = 0; layer < static_cast<int>(net->layers().size()); ++layer) {
    if (!net->bottom_ids(layer).empty()) net->ForwardFromTo(layer, layer);
    const auto read = last_readings.find(layer);
    if (read == last_readings.end()) continue;
    for (const int blob : read->second) FreeValues(net->blobs()[static_cast<std::size_t>(blob)].get());
  }
}

struct Difference {
  double worst = 0;
  double greatest = 0;  // of the answer
  double squares = 0;   // of the differences
  double square = 0;    // of the answer
  bool probabilities = true;
  bool same_numbers = true;  // NaN and infinities in the same places
};

Difference Compare(const std::vector<float>& answer, const float* values) {
  Difference difference;
  for (std::size_t i = 0; i < answer.size(); ++i) {
    const double expected = answer[i];
    if (!std::isfinite(answer[i]) || !std::isfinite(values[i])) {
      const bool same = std::isnan(answer[i]) ? std::isnan(values[i]) : answer[i] == values[i];
      difference.same_numbers = difference.same_numbers && same;
      continue;
    }
    const double wrong = std::abs(values[i] - expected);
    difference.worst = std::max(difference.worst, wrong);
    difference.greatest = std::max(difference.greatest, std::abs(expected));
    difference.squares += wrong * wrong;
    difference.square += expected * expected;
    difference.probabilities = difference.probabilities && expected >= 0 && expected <= 1;
  }
  return difference;
}

bool IsTolerable(const Difference& difference, double tolerance) {
  if (!difference.same_numbers) return false;
  if (difference.probabilities && difference.greatest > 10 * tolerance) return difference.worst <= tolerance;
  // As a whole, and no value far off for its own part.
  return difference.squares <= tolerance * tolerance * difference.square &&
         difference.worst <= 5 * tolerance * std::max(difference.greatest, 1e-30);
}

std::string Shown(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.2g", value);
  return text;
}

}  // namespace

void RunLayersWithBottoms(FloatNet* net) {
  for (int layer = 0; layer < static_cast<int>(net->layers().size()); ++layer) {
    if (!net->bottom_ids(layer).empty()) net->ForwardFromTo(layer, layer);
  }
}

KeptValues::KeptValues(FloatNet* net, const std::vector<std::string>& blobs) : net_(net), names_(blobs) {
  for (const std::string& name : names_) {
    const FloatBlob& blob = *net->blob_by_name(name);
    values_.emplace_back();
    if (blob.count() > 0) values_.back().assign(blob.cpu_data(), blob.cpu_data() + blob.count());
  }
}

void KeptValues::PutBack() const {
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (values_[i].empty()) continue;
    std::copy(values_[i].begin(), values_[i].end(), net_->blob_by_name(names_[i])->mutable_cpu_data());
  }
}

CaffesAnswer::CaffesAnswer(FloatNet* net, const std::vector<std::string>& wanted)
    : net_(net), kept_((RunFreeing(net, wanted), net), wanted) {}

std::string CaffesAnswer::Disagreement(Precision precision) const {
  const double tolerance = precision == Precision::kF32 ? 1e-4 : 1e-2;
  for (std::size_t i = 0; i < kept_.names().size(); ++i) {
    const std::string& name = kept_.names()[i];
    const Difference difference = Compare(kept_.values()[i], net_->blob_by_name(name)->cpu_data());
    if (IsTolerable(difference, tolerance)) continue;
    if (!difference.same_numbers) return "blob '" + name + "' is NaN or infinite in other places than Caffe's";
    return "blob '" + name + "' differs from Caffe's by up to " + Shown(difference.worst) + ", where the greatest value is " +
           Shown(difference.greatest);
  }
  return "";
}

}  // namespace caffe_node
