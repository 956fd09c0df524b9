#include "convolution_problem.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operation.h"
#include "trial.h"
#include "winograd_convolution.h"

namespace caffe_node::onednn {

namespace {

using Algorithm = dnnl::algorithm;

std::string TextOf(const ConvolutionProblem& problem) {
  std::string text = problem.type == DataType::bf16 ? "convolution bf16" : "convolution f32";
  if (problem.top_type != problem.type) text += " to f32";
  const auto add = [&](const char* name, const Shape& numbers) {
    text += std::string(" ") + name;
    for (const std::int64_t number : numbers) text += ' ' + std::to_string(number);
  };
  add("bottom", problem.bottom);
  add("weights", problem.weights);
  add("strides", problem.window.strides);
  add("padding", problem.window.padding);
  add("dilations", problem.window.dilations);
  return text + (problem.with_bias ? " bias" : "") + " fused " + std::to_string(problem.fused.len());
}

struct Candidate {
  std::string name;
  ConvolutionDescriptor descriptor;  // empty for our own Winograd
};

class Candidates {
 public:
  Candidates(const ConvolutionProblem& problem, const dnnl::engine& engine) : problem_(problem), engine_(engine) {
    const Description bottom = BottomOf(problem);
    const Description top = InFormat(problem.top, WithType(Native(problem.bottom, problem.type), problem.top_type));
    Add("direct", Algorithm::convolution_direct, bottom, top);
    Add("winograd", Algorithm::convolution_winograd, bottom, top);
    if (SuitsWinograd(problem)) candidates_.push_back({"own winograd", {}});
    if (!candidates_.empty()) return;
    // What these formats do not suit: groups of few channels, padding around a kernel of 1.
    Add("plain", Algorithm::convolution_direct, Plain(problem.bottom, problem.type), Plain(problem.top, problem.top_type));
    Add("any", Algorithm::convolution_direct, Any(problem.bottom, problem.type), Any(problem.top, problem.top_type));
    if (candidates_.empty()) throw Refusal("oneDNN has only a reference implementation");
  }

  ConvolutionDescriptor Fastest(Tuning* tuning) const {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(candidate.name);
    std::vector<std::function<double()>> trials(candidates_.size());
    const auto measure = [&](std::size_t i) {
      const ConvolutionDescriptor& descriptor = candidates_[i].descriptor;
      if (!trials[i]) trials[i] = descriptor ? TrialOf(descriptor) : TrialOfWinograd(problem_);
      return trials[i]();
    };
    return candidates_[tuning->Fastest(TextOf(problem_), names, measure)].descriptor;
  }

 private:
  // Leaves out what oneDNN has not, or only for reference.
  void Add(const std::string& name, Algorithm algorithm, const Description& bottom, const Description& top) {
    const Description bias = problem_.with_bias ? Plain({problem_.top[1]}) : Description();
    const Window& window = problem_.window;
    const dnnl::convolution_forward::desc description(dnnl::prop_kind::forward_inference, algorithm, bottom,
                                                      Any(problem_.weights, problem_.type), bias, top, window.strides,
                                                      window.dilations, window.padding, window.padding);
    const ConvolutionDescriptor descriptor(description, SharedScratch(problem_.fused), engine_, true);
    if (descriptor && IsFast(descriptor)) candidates_.push_back({name, descriptor});
  }

  std::function<double()> TrialOf(const ConvolutionDescriptor& descriptor) const {
    std::vector<std::pair<int, Description>> arguments{{DNNL_ARG_SRC, descriptor.src_desc()},
                                                       {DNNL_ARG_WEIGHTS, descriptor.weights_desc()},
                                                       {DNNL_ARG_DST, descriptor.dst_desc()}};
    if (problem_.with_bias) arguments.emplace_back(DNNL_ARG_BIAS, descriptor.bias_desc());
    const auto trial = std::make_shared<Trial>(descriptor, dnnl::convolution_forward(descriptor), arguments);
    return [trial] { return trial->Run(); };
  }

  const ConvolutionProblem& problem_;
  const dnnl::engine engine_;
  std::vector<Candidate> candidates_;
};

}  // namespace

// Of a few channels, as images have, blocks would be filled up with zeros: they are read as they are.
Description BottomOf(const ConvolutionProblem& problem) {
  constexpr std::int64_t kFew = 4;
  const Description native = Native(problem.bottom, problem.type);
  return problem.bottom[1] <= kFew && BlockOf(native, 1) > 1 ? Plain(problem.bottom, problem.type) : native;
}

ConvolutionDescriptor FastestConvolution(const ConvolutionProblem& problem, const dnnl::engine& engine, Tuning* tuning) {
  return Candidates(problem, engine).Fastest(tuning);
}

}  // namespace caffe_node::onednn
