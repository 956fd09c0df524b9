// Layers that change each channel by parameters of its own. oneDNN's normalisation by given statistics is
// (x - mean) / sqrt(variance + epsilon) * scale + shift; Scale and Bias are this with a mean of 0, and with a variance that makes
// the root 1.
#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "broadcast.h"
#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::batch_normalization_forward::primitive_desc;
using Flags = dnnl::normalization_flags;

// Channels that fill up a last block have a variance of 0 inside oneDNN, and must not be divided by 0.
constexpr float kHalf = 0.5F;

std::int64_t Product(Shape::const_iterator first, Shape::const_iterator end) {
  return std::accumulate(first, end, std::int64_t{1}, std::multiplies<>());
}

// The axes that have a parameter for each place on them, as one between those before and those behind.
struct Channels {
  std::int64_t outer;
  std::int64_t count;
  std::int64_t inner;
};

Channels ChannelsOf(const Shape& shape, std::size_t axis, std::size_t axes) {
  const auto begin = shape.begin() + static_cast<std::ptrdiff_t>(axis);
  const auto end = begin + static_cast<std::ptrdiff_t>(axes);
  return {Product(shape.begin(), begin), Product(begin, end), Product(end, shape.end())};
}

// A bottom as the plan has it and as the primitive sees it.
struct Subject {
  Description bottom;
  Description seen_as;
};

// Images may lie in any format. All else is plain: what lies densely between the channels looks like the rows of an image.
Subject SubjectOf(const Description& bottom, std::size_t axis, std::size_t axes) {
  const Shape shape = ShapeOf(bottom);
  if (shape.size() == 4 && axis == 1 && axes == 1) return {bottom, bottom};
  const Channels channels = ChannelsOf(shape, axis, axes);
  const DataType type = TypeOf(bottom);
  return {Plain(shape, type), Plain({channels.outer, channels.count, channels.inner, 1}, type)};
}

Descriptor PrimitiveFor(const OperationRequest& request, const Description& seen_as, Flags flags, float epsilon) {
  const dnnl::batch_normalization_forward::desc description(dnnl::prop_kind::forward_inference, seen_as, epsilon,
                                                            flags | Flags::use_global_stats);
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return primitive;
}

class Channelwise : public PrimitiveOperation {
 public:
  Channelwise(const Subject& subject, const Descriptor& primitive)
      : PrimitiveOperation({subject.bottom}, {subject.bottom}, primitive, dnnl::batch_normalization_forward(primitive),
                           {{DNNL_ARG_SRC, subject.seen_as}}, {{DNNL_ARG_DST, subject.seen_as}}),
        engine_(primitive.get_engine()),
        channels_(ShapeOf(subject.seen_as)[1]) {
    AddValues(DNNL_ARG_MEAN, 0);
    AddValues(DNNL_ARG_VARIANCE, kHalf);
  }
  int overwritable() const override { return 0; }
  std::int64_t ParameterBytes() const override {
    std::int64_t bytes = 0;
    for (const auto& named : values_) bytes += static_cast<std::int64_t>(named.second.size() * sizeof(float));
    return bytes;
  }

 protected:
  // One for each channel, and for those that fill up a last block: oneDNN reads as many, and what it makes of them must be zero.
  void AddValues(int name, float value) {
    constexpr std::int64_t kBlock = 16;
    std::vector<float>& values = values_[name];
    values.assign(static_cast<std::size_t>((channels_ + kBlock - 1) / kBlock * kBlock), value);
    SetArgument(name, {Plain({channels_}), engine_, values.data()});
  }
  void Take(int name, FloatBlob* blob, float factor = 1) {
    const float* const given = blob->cpu_data();
    std::transform(given, given + channels_, values_.at(name).begin(), [factor](float value) { return value * factor; });
  }

 private:
  const dnnl::engine engine_;
  const std::int64_t channels_;
  std::map<int, std::vector<float>> values_;  // by the primitive's argument
};

class BatchNorm final : public Channelwise {
 public:
  BatchNorm(const Subject& subject, const Descriptor& primitive, FloatLayer* layer)
      : Channelwise(subject, primitive), layer_(layer) {}

  // Caffe keeps sums, and what to divide them by.
  void TakeParameters() override {
    const auto& blobs = layer_->blobs();
    const float divisor = blobs[2]->cpu_data()[0];
    const float factor = divisor == 0 ? 0 : 1 / divisor;
    Take(DNNL_ARG_MEAN, blobs[0].get(), factor);
    Take(DNNL_ARG_VARIANCE, blobs[1].get(), factor);
  }

 private:
  FloatLayer* const layer_;
};

// Factors, summands or both.
class Affine final : public Channelwise {
 public:
  using Channelwise::Channelwise;

  void AddBlob(int name, FloatBlob* blob) {
    AddValues(name, 0);
    blobs_[name] = blob;
  }
  void TakeParameters() override {
    for (const auto& named : blobs_) Take(named.first, named.second);
  }

 private:
  std::map<int, FloatBlob*> blobs_;
};

bool UsesGivenStatistics(const caffe::LayerParameter& parameter) {
  const caffe::BatchNormParameter& fields = parameter.batch_norm_param();
  return fields.has_use_global_stats() ? fields.use_global_stats() : parameter.phase() == caffe::TEST;
}

// Which axes of the bottom have a factor or summand for each place; a scalar is one for all.
Subject SubjectOf(const Description& bottom, int axis, const FloatBlob& parameter) {
  if (parameter.num_axes() == 0) return SubjectOf(bottom, 0, 0);
  const int axes = static_cast<int>(ShapeOf(bottom).size());
  return SubjectOf(bottom, static_cast<std::size_t>(axis < 0 ? axis + axes : axis),
                   static_cast<std::size_t>(parameter.num_axes()));
}

}  // namespace

std::unique_ptr<Operation> MakeBatchNorm(const OperationRequest& request) {
  const caffe::LayerParameter& parameter = request.node.parameter();
  if (!UsesGivenStatistics(parameter)) throw Refusal("it normalises by the statistics of the batch");
  const float epsilon = parameter.batch_norm_param().eps();
  if (epsilon <= 0) throw Refusal("it may divide by 0");
  const Subject subject = SubjectOf(request.bottoms[0], 1, 1);
  const Descriptor primitive = PrimitiveFor(request, subject.seen_as, Flags::none, epsilon);
  return std::make_unique<BatchNorm>(subject, primitive, request.node.caffe);
}

std::unique_ptr<Operation> MakeScale(const OperationRequest& request) {
  const auto& blobs = request.node.caffe->blobs();
  const int axis = request.node.parameter().scale_param().axis();
  if (request.bottoms.size() > 1) {
    if (!blobs.empty()) throw Refusal("it has both a second bottom and a bias");
    return MakeBroadcast(request, dnnl::algorithm::binary_mul, axis);
  }
  const Subject subject = SubjectOf(request.bottoms[0], axis, *blobs[0]);
  const Flags flags = blobs.size() > 1 ? Flags::use_scale | Flags::use_shift : Flags::use_scale;
  auto operation = std::make_unique<Affine>(subject, PrimitiveFor(request, subject.seen_as, flags, kHalf));
  operation->AddBlob(DNNL_ARG_SCALE, blobs[0].get());
  if (blobs.size() > 1) operation->AddBlob(DNNL_ARG_SHIFT, blobs[1].get());
  return operation;
}

std::unique_ptr<Operation> MakeBias(const OperationRequest& request) {
  const int axis = request.node.parameter().bias_param().axis();
  if (request.bottoms.size() > 1) return MakeBroadcast(request, dnnl::algorithm::binary_add, axis);
  FloatBlob& summands = *request.node.caffe->blobs()[0];
  const Subject subject = SubjectOf(request.bottoms[0], axis, summands);
  auto operation = std::make_unique<Affine>(subject, PrimitiveFor(request, subject.seen_as, Flags::use_shift, kHalf));
  operation->AddBlob(DNNL_ARG_SHIFT, &summands);
  return operation;
}

}  // namespace caffe_node::onednn
