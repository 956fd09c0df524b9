#include "grouped_convolution.h"

#include <omp.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "folding.h"
#include "parameters.h"

namespace caffe_node::onednn {

namespace {

using Arguments = std::unordered_map<int, dnnl::memory>;

// What a group has of the layer's parameters.
struct GroupParameters {
  PreparedParameter weights;
  std::vector<PreparedParameter> bias;  // one or none
};

class GroupedConvolution final : public Operation {
 public:
  GroupedConvolution(const ConvolutionDescriptor& group, const OperationRequest& request, const ConvolutionProblem& all)
      : Operation({Blocked(all.bottom, all.type)}, {Blocked(all.top, all.top_type)}),
        group_(group),
        primitive_(group),
        node_(request.node),
        outputs_(all.weights[1]) {
    const dnnl::engine engine = group.get_engine();
    const Shape weights(all.weights.begin() + 1, all.weights.end());
    for (std::int64_t index = 0; index < all.weights[0]; ++index) {
      groups_.push_back({{engine, nullptr, Plain(weights), group.weights_desc()}, {}});
      if (all.with_bias) groups_.back().bias.push_back({engine, nullptr, group.bias_desc(), group.bias_desc()});
    }
  }

  std::int64_t ScratchBytes() const override { return BytesOf(group_.scratchpad_desc()); }
  std::int64_t ParameterBytes() const override {
    std::int64_t bytes = 0;
    for (const GroupParameters& group : groups_) {
      bytes += group.weights.Bytes();
      for (const PreparedParameter& bias : group.bias) bytes += bias.Bytes();
    }
    return bytes;
  }
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;

  void TakeParameters() override {
    if (HasFolded(node_)) {
      const FoldedWeights folded = Fold(node_);
      return Take(folded.weights.data(), folded.bias.data());
    }
    const auto& blobs = node_.caffe->blobs();
    Take(blobs[0]->cpu_data(), blobs.size() > 1 ? blobs[1]->cpu_data() : nullptr);
  }

  std::string Primitive() const override { return group_.impl_info_str() + std::string(" by groups"); }

 private:
  void Take(const float* weights, const float* bias) {
    const std::int64_t count = node_.caffe->blobs()[0]->count() / static_cast<std::int64_t>(groups_.size());
    for (GroupParameters& group : groups_) {
      group.weights.Take(weights);
      weights += count;
      if (group.bias.empty()) continue;
      group.bias.front().Take(bias);
      bias += outputs_;
    }
  }

  const ConvolutionDescriptor group_;
  const dnnl::convolution_forward primitive_;
  const Node node_;
  const std::int64_t outputs_;  // of a group
  std::vector<GroupParameters> groups_;
};

// Of one image, the channels of a group lie together.
class BoundGroups final : public Binding {
 public:
  BoundGroups(dnnl::convolution_forward primitive, dnnl::memory bottom, dnnl::memory top, std::vector<Arguments> groups)
      : primitive_(std::move(primitive)), bottom_(std::move(bottom)), top_(std::move(top)), groups_(std::move(groups)) {}

  void Run(const dnnl::stream& stream) override {
    auto* bottom = static_cast<char*>(bottom_.get_data_handle());
    auto* top = static_cast<char*>(top_.get_data_handle());
    for (Arguments& group : groups_) {
      group[DNNL_ARG_SRC].set_data_handle(bottom);
      group[DNNL_ARG_DST].set_data_handle(top);
      primitive_.execute(stream, group);
      bottom += BytesOf(group[DNNL_ARG_SRC].get_desc());
      top += BytesOf(group[DNNL_ARG_DST].get_desc());
    }
  }

 private:
  const dnnl::convolution_forward primitive_;
  const dnnl::memory bottom_;
  const dnnl::memory top_;
  std::vector<Arguments> groups_;
};

std::unique_ptr<Binding> GroupedConvolution::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                                  void* scratch) const {
  const dnnl::engine engine = group_.get_engine();
  std::vector<Arguments> groups;
  for (const GroupParameters& group : groups_) {
    Arguments arguments{{DNNL_ARG_SRC, dnnl::memory(group_.src_desc(), engine, nullptr)},
                        {DNNL_ARG_DST, dnnl::memory(group_.dst_desc(), engine, nullptr)},
                        {DNNL_ARG_WEIGHTS, group.weights.memory()},
                        {DNNL_ARG_SCRATCHPAD, dnnl::memory(group_.scratchpad_desc(), engine, scratch)}};
    if (!group.bias.empty()) arguments[DNNL_ARG_BIAS] = group.bias.front().memory();
    groups.push_back(std::move(arguments));
  }
  return std::make_unique<BoundGroups>(primitive_, bottoms[0], tops[0], std::move(groups));
}

bool IsWinograd(const ConvolutionDescriptor& descriptor) {
  return std::string(descriptor.impl_info_str()).find("wino") != std::string::npos;
}

}  // namespace

std::unique_ptr<Operation> MakeGroupedConvolution(const OperationRequest& request, const ConvolutionProblem& problem) {
  const bool has_groups = problem.weights.size() > problem.bottom.size();
  if (!has_groups || problem.bottom[0] != 1 || problem.bottom.size() != 4) return nullptr;
  // Several threads are no faster at one image by oneDNN's Winograd than by the direct algorithm.
  if (omp_get_max_threads() > 1) return nullptr;
  ConvolutionProblem group = problem;
  group.weights.erase(group.weights.begin());
  group.top[1] = group.weights[0];
  group.bottom[1] = group.weights[1];
  // Whole blocks of channels, so that a group lies by itself.
  const Description bottom = Blocked(problem.bottom, problem.type);
  if (group.top[1] % BlockOf(bottom, 1) != 0 || group.bottom[1] % BlockOf(bottom, 1) != 0) return nullptr;
  const ConvolutionDescriptor descriptor = FastestConvolution(group, request.context.engine, request.context.tuning);
  if (!IsWinograd(descriptor)) return nullptr;
  return std::make_unique<GroupedConvolution>(descriptor, request, problem);
}

}  // namespace caffe_node::onednn
