#include "activation.h"
#include "convolution_window.h"
#include "operations.h"
#include "trial.h"
#include "tuning.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::convolution_forward::primitive_desc;
using Algorithm = dnnl::algorithm;

// [out, in / groups, kernel…] as oneDNN wants it: with an axis for the groups where there are several.
Shape WeightShape(const Node& node) {
  const std::vector<int>& given = node.caffe->blobs()[0]->shape();
  Shape shape(given.begin(), given.end());
  const std::int64_t groups = node.parameter().convolution_param().group();
  if (groups > 1) {
    shape[0] /= groups;
    shape.insert(shape.begin(), groups);
  }
  return shape;
}

// What is to be computed, for oneDNN and for the tuning.
struct Problem {
  Shape bottom;
  Shape weights;
  Shape top;
  Window window;
  bool with_bias = false;
  DataType type = DataType::f32;
  dnnl::post_ops fused;
};

std::string TextOf(const Problem& problem) {
  std::string text = problem.type == DataType::bf16 ? "convolution bf16" : "convolution f32";
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
  Descriptor descriptor;
};

class Candidates {
 public:
  Candidates(const Problem& problem, const dnnl::engine& engine) : problem_(problem), engine_(engine) {
    // A few channels, as images have, are read as they are.
    constexpr std::int64_t kFew = 4;
    const Description bottom =
        problem.bottom[1] <= kFew ? Plain(problem.bottom, problem.type) : Blocked(problem.bottom, problem.type);
    const Description top = Blocked(problem.top, problem.type);
    Add("direct", Algorithm::convolution_direct, bottom, top);
    Add("winograd", Algorithm::convolution_winograd, bottom, top);
    if (!candidates_.empty()) return;
    // What these formats do not suit: groups of few channels, padding around a kernel of 1.
    Add("plain", Algorithm::convolution_direct, Plain(problem.bottom, problem.type), Plain(problem.top, problem.type));
    Add("any", Algorithm::convolution_direct, Any(problem.bottom, problem.type), Any(problem.top, problem.type));
    if (candidates_.empty()) throw Refusal("oneDNN has only a reference implementation");
  }

  Descriptor Fastest(Tuning* tuning) const {
    std::vector<std::string> names;
    for (const Candidate& candidate : candidates_) names.push_back(candidate.name);
    std::vector<std::unique_ptr<Trial>> trials(candidates_.size());
    const auto measure = [&](std::size_t i) {
      if (!trials[i]) trials[i] = TrialOf(candidates_[i].descriptor);
      return trials[i]->Run();
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
    const Descriptor descriptor(description, SharedScratch(problem_.fused), engine_, true);
    if (descriptor && IsFast(descriptor)) candidates_.push_back({name, descriptor});
  }

  std::unique_ptr<Trial> TrialOf(const Descriptor& descriptor) const {
    std::vector<std::pair<int, Description>> arguments{{DNNL_ARG_SRC, descriptor.src_desc()},
                                                       {DNNL_ARG_WEIGHTS, descriptor.weights_desc()},
                                                       {DNNL_ARG_DST, descriptor.dst_desc()}};
    if (problem_.with_bias) arguments.emplace_back(DNNL_ARG_BIAS, descriptor.bias_desc());
    return std::make_unique<Trial>(descriptor, dnnl::convolution_forward(descriptor), arguments);
  }

  const Problem& problem_;
  const dnnl::engine engine_;
  std::vector<Candidate> candidates_;
};

class Convolution final : public WeightedOperation {
 public:
  Convolution(const Descriptor& descriptor, const Node& node, const Shape& weights)
      : WeightedOperation({descriptor.src_desc()}, {descriptor.dst_desc()}, descriptor, dnnl::convolution_forward(descriptor),
                          {{DNNL_ARG_SRC, descriptor.src_desc()}}, {{DNNL_ARG_DST, descriptor.dst_desc()}}) {
    const auto& blobs = node.caffe->blobs();
    const dnnl::engine engine = descriptor.get_engine();
    Add(DNNL_ARG_WEIGHTS, {engine, blobs[0].get(), Plain(weights), descriptor.weights_desc()});
    if (blobs.size() > 1) Add(DNNL_ARG_BIAS, {engine, blobs[1].get(), descriptor.bias_desc(), descriptor.bias_desc()});
  }
};

}  // namespace

std::unique_ptr<Operation> MakeConvolution(const OperationRequest& request) {
  const caffe::ConvolutionParameter& fields = request.node.parameter().convolution_param();
  Problem problem;
  problem.bottom = ShapeOf(request.bottoms[0]);
  RequireConvolvable(request.node, problem.bottom);
  problem.weights = WeightShape(request.node);
  problem.top = request.tops[0];
  problem.window = WindowOf(fields, problem.bottom.size() - 2);
  problem.with_bias = request.node.caffe->blobs().size() > 1;
  problem.type = request.context.type();
  problem.fused = PostOperations(request.node.fused);
  const Descriptor descriptor = Candidates(problem, request.context.engine).Fastest(request.context.tuning);
  return std::make_unique<Convolution>(descriptor, request.node, problem.weights);
}

}  // namespace caffe_node::onednn
