#include "winograd_convolution.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "aligned_memory.h"
#include "folding.h"
#include "milliseconds.h"
#include "trial.h"
#include "winograd.h"

namespace caffe_node::onednn {

namespace {

float* Floats(const AlignedMemory& memory) { return reinterpret_cast<float*>(memory.data()); }

AlignedMemory Zeros(std::int64_t bytes, const char* what) {
  AlignedMemory memory(bytes, what);
  if (bytes > 0) std::memset(memory.data(), 0, static_cast<std::size_t>(bytes));
  return memory;
}

// What values below zero are multiplied by; none for other activations.
std::optional<float> SlopeOf(const dnnl::post_ops& fused) {
  if (fused.len() == 0) return 1.0f;
  if (fused.len() > 1 || fused.kind(0) != dnnl::primitive::kind::eltwise) return std::nullopt;
  float scale = 0;
  float slope = 0;
  float beta = 0;
  dnnl::algorithm algorithm{};
  fused.get_params_eltwise(0, scale, algorithm, slope, beta);
  return algorithm == dnnl::algorithm::eltwise_relu && scale == 1 ? std::optional<float>(slope) : std::nullopt;
}

WinogradProblem WinogradOf(const ConvolutionProblem& problem) {
  const std::size_t groups = problem.weights.size() - 4;  // an axis of its own, or none
  const std::int64_t count = groups == 0 ? 1 : problem.weights[0];
  const Window& window = problem.window;
  return {problem.bottom[0],
          count,
          problem.bottom[1] / count,
          problem.weights[groups],
          problem.bottom[2],
          problem.bottom[3],
          problem.top[2],
          problem.top[3],
          problem.weights.back(),
          window.strides[0],
          window.padding[0],
          window.padding[1],
          IsPlain(BottomOf(problem))};
}

class WinogradConvolution final : public Operation {
 public:
  WinogradConvolution(const OperationRequest& request, const ConvolutionProblem& problem)
      : Operation({BottomOf(problem)}, {Blocked(problem.top, DataType::f32)}),
        winograd_(WinogradOf(problem), omp_get_max_threads()),
        slope_(*SlopeOf(problem.fused)),
        node_(request.node),
        weights_(winograd_.WeightBytes(), "The plan"),
        bias_(Zeros(problem.with_bias ? winograd_.BiasBytes() : 0, "The plan")) {}

  std::int64_t ScratchBytes() const override { return winograd_.ScratchBytes(); }
  std::int64_t ParameterBytes() const override { return weights_.bytes() + bias_.bytes(); }
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override {
    return std::make_unique<BoundFunction>([this, bottom = bottoms[0], top = tops[0], own = static_cast<char*>(scratch)] {
      winograd_.Run(ValuesOf<float>(bottom), Floats(weights_), bias_.bytes() == 0 ? nullptr : Floats(bias_), slope_, own,
                    ValuesOf<float>(top));
    });
  }

  void TakeParameters() override {
    const auto& blobs = node_.caffe->blobs();
    if (HasFolded(node_)) {
      const FoldedWeights folded = Fold(node_);
      winograd_.TakeWeights(folded.weights.data(), Floats(weights_));
      std::copy(folded.bias.begin(), folded.bias.end(), Floats(bias_));
      return;
    }
    winograd_.TakeWeights(blobs[0]->cpu_data(), Floats(weights_));
    if (blobs.size() > 1) std::copy_n(blobs[1]->cpu_data(), blobs[1]->count(), Floats(bias_));
  }

  std::string Primitive() const override { return "winograd:avx512"; }

 private:
  const Winograd winograd_;
  const float slope_;
  const Node node_;
  const AlignedMemory weights_;
  const AlignedMemory bias_;
};

// What a trial works on, and by.
struct TriedWinograd {
  explicit TriedWinograd(const ConvolutionProblem& problem)
      : winograd(WinogradOf(problem), omp_get_max_threads()),
        bottom(Zeros(BytesOf(BottomOf(problem)), kTrial)),
        weights(Zeros(winograd.WeightBytes(), kTrial)),
        bias(Zeros(winograd.BiasBytes(), kTrial)),
        scratch(Zeros(winograd.ScratchBytes(), kTrial)),
        top(Zeros(BytesOf(Blocked(problem.top, DataType::f32)), kTrial)) {}

  const Winograd winograd;
  const AlignedMemory bottom, weights, bias, scratch, top;
};

}  // namespace

bool SuitsWinograd(const ConvolutionProblem& problem) {
  const Window& window = problem.window;
  const std::size_t axes = problem.weights.size();
  if (problem.bottom.size() != 4 || problem.type != DataType::f32 || problem.top_type != DataType::f32) return false;
  const bool is_square = problem.weights[axes - 1] == problem.weights[axes - 2] && window.strides[0] == window.strides[1];
  return is_square && window.dilations == Shape{0, 0} && SlopeOf(problem.fused) && Winograd::Suits(WinogradOf(problem));
}

std::unique_ptr<Operation> MakeWinogradConvolution(const OperationRequest& request, const ConvolutionProblem& problem) {
  return std::make_unique<WinogradConvolution>(request, problem);
}

std::function<double()> TrialOfWinograd(const ConvolutionProblem& problem) {
  const auto tried = std::make_shared<TriedWinograd>(problem);
  return [tried] {
    return Milliseconds([&] {
      tried->winograd.Run(Floats(tried->bottom), Floats(tried->weights), Floats(tried->bias), 0, tried->scratch.data(),
                          Floats(tried->top));
    });
  };
}

}  // namespace caffe_node::onednn
