#include "training_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "blob_memory.h"

namespace caffe_node {

namespace {

std::vector<std::string> OutputsOf(const FloatNet& net) {
  std::vector<std::string> names;
  for (const int blob : net.output_blob_indices()) names.push_back(net.blob_names()[static_cast<std::size_t>(blob)]);
  return names;
}

// Sums of squares: of a gradient of Caffe's, and of what a plan's differs from it.
struct Deviation {
  double norm = 0;
  double error = 0;
};

Deviation DeviationOf(const std::vector<float>& before, const std::vector<float>& caffe, const FloatBlob& plan) {
  Deviation deviation;
  const float* const values = plan.cpu_diff();
  for (std::size_t i = 0; i < static_cast<std::size_t>(plan.count()); ++i) {
    const double expected = caffe.empty() ? 0 : caffe[i];
    const double gradient = before.empty() ? expected : expected - before[i];
    deviation.norm += gradient * gradient;
    deviation.error += (values[i] - expected) * (values[i] - expected);
  }
  return deviation;
}

// Both ways round differently, and where values are close a ReLU or a maximum goes the other way. In the gradients of a great
// net, sums of very many terms, that is some thousandths at most; in one of a small net it may be a hundredth. What is computed
// wrongly differs by more.
constexpr double kMostF32 = 0.1;
constexpr double kMostOfAllF32 = 0.01;
constexpr double kMostLossF32 = 1e-4;
// In bf16, which has three digits, single small gradients may be far off; all of them together must not.
constexpr double kMostOfAllBf16 = 0.15;
constexpr double kMostLossBf16 = 0.05;
// A gradient that is as good as zero is held against the largest.
constexpr double kAsGoodAsZero = 1e-4;

std::string Percent(double part) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g %%", 100 * part);
  return text;
}

double Relative(const Deviation& deviation, double least) {
  const double error = std::sqrt(deviation.error);
  return error == 0 ? 0 : error / std::max(std::sqrt(deviation.norm), least);
}

std::string LayerOf(const FloatNet& net, const FloatBlob* parameter) {
  for (const auto& layer : net.layers()) {
    const auto& own = layer->blobs();
    const bool has = std::any_of(own.begin(), own.end(), [=](const auto& blob) { return blob.get() == parameter; });
    if (has) return layer->layer_param().name();
  }
  return "";
}

std::string GradientsDisagree(const FloatNet& net, const std::vector<Deviation>& deviations) {
  double largest = 0;
  for (const Deviation& deviation : deviations) largest = std::max(largest, std::sqrt(deviation.norm));
  for (std::size_t i = 0; i < deviations.size(); ++i) {
    const double off = Relative(deviations[i], kAsGoodAsZero * largest);
    if (off <= kMostF32) continue;
    return "a gradient of layer '" + LayerOf(net, net.learnable_params()[i]) + "' is " + Percent(off) + " off";
  }
  return "";
}

std::string SumDisagrees(const std::vector<Deviation>& deviations, double most) {
  Deviation sum;
  for (const Deviation& deviation : deviations) {
    sum.norm += deviation.norm;
    sum.error += deviation.error;
  }
  const double off = Relative(sum, 0);
  return off <= most ? "" : "the gradients are " + Percent(off) + " off";
}

}  // namespace

BatchState::BatchState(FloatNet* net)
    : net_(net), statistics_(*net), outputs_(net, OutputsOf(*net)), random_(*caffe::caffe_rng()) {
  for (const FloatBlob* const blob : net->learnable_params()) {
    const float* const diff = blob->cpu_diff();
    const bool zero = std::all_of(diff, diff + blob->count(), [](float value) { return value == 0; });
    gradients_.emplace_back(diff, zero ? diff : diff + blob->count());
  }
}

void BatchState::PutBack() const {
  for (std::size_t i = 0; i < gradients_.size(); ++i) {
    FloatBlob* const blob = net_->learnable_params()[i];
    std::fill_n(blob->mutable_cpu_diff(), blob->count(), 0.0f);
    std::copy(gradients_[i].begin(), gradients_[i].end(), blob->mutable_cpu_diff());
  }
  statistics_.Restore();
  outputs_.PutBack();
  *caffe::caffe_rng() = random_;
}

std::string Disagreement(const FloatNet& net, Precision precision, float loss, const CaffesBatch& caffe) {
  const double expected = caffe.loss;
  const double off = std::abs(loss - expected) / std::max(1.0, std::abs(expected));
  if (!(off <= (precision == Precision::kF32 ? kMostLossF32 : kMostLossBf16))) {
    return "its loss is " + std::to_string(loss) + " where Caffe's is " + std::to_string(caffe.loss);
  }
  std::vector<Deviation> deviations;
  for (std::size_t i = 0; i < net.learnable_params().size(); ++i) {
    deviations.push_back(DeviationOf(caffe.before.gradients()[i], caffe.behind.gradients()[i], *net.learnable_params()[i]));
  }
  if (precision == Precision::kBf16) return SumDisagrees(deviations, kMostOfAllBf16);
  const std::string sum = SumDisagrees(deviations, kMostOfAllF32);
  return sum.empty() ? GradientsDisagree(net, deviations) : sum;
}

}  // namespace caffe_node
