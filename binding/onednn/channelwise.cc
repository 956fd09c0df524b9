// Layers that change each channel by parameters of its own. oneDNN's normalisation by given statistics is
// (x - mean) / sqrt(variance + epsilon) * scale + shift; Scale and Bias are this with a mean of 0 and a variance of 1.
#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "broadcast.h"
#include "operations.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::batch_normalization_forward::primitive_desc;
using Flags = dnnl::normalization_flags;

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

class Channelwise : public WeightedOperation {
 public:
  Channelwise(const Subject& subject, const Descriptor& primitive)
      : WeightedOperation({subject.bottom}, {subject.bottom}, primitive, dnnl::batch_normalization_forward(primitive),
                          {{DNNL_ARG_SRC, subject.seen_as}}, {{DNNL_ARG_DST, subject.seen_as}}),
        engine_(primitive.get_engine()),
        count_(static_cast<std::size_t>(ShapeOf(subject.seen_as)[1])),
        mean_(count_, 0.0F),
        variance_(count_, 1.0F) {
    SetArgument(DNNL_ARG_MEAN, {PerChannel(), engine_, mean_.data()});
    SetArgument(DNNL_ARG_VARIANCE, {PerChannel(), engine_, variance_.data()});
  }
  int overwritable() const override { return 0; }
  void AddBlob(int name, const FloatBlob* blob) { Add(name, {engine_, blob, PerChannel(), PerChannel()}); }

 protected:
  std::vector<float>& mean() { return mean_; }
  std::vector<float>& variance() { return variance_; }

 private:
  Description PerChannel() const { return Plain({static_cast<std::int64_t>(count_)}); }

  const dnnl::engine engine_;
  const std::size_t count_;
  std::vector<float> mean_;
  std::vector<float> variance_;
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
    const auto scaled = [factor](float sum) { return sum * factor; };
    std::transform(blobs[0]->cpu_data(), blobs[0]->cpu_data() + blobs[0]->count(), mean().begin(), scaled);
    std::transform(blobs[1]->cpu_data(), blobs[1]->cpu_data() + blobs[1]->count(), variance().begin(), scaled);
  }

 private:
  FloatLayer* const layer_;
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
  const Subject subject = SubjectOf(request.bottoms[0], 1, 1);
  const Descriptor primitive = PrimitiveFor(request, subject.seen_as, Flags::none, parameter.batch_norm_param().eps());
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
  auto operation = std::make_unique<Channelwise>(subject, PrimitiveFor(request, subject.seen_as, flags, 0));
  operation->AddBlob(DNNL_ARG_SCALE, blobs[0].get());
  if (blobs.size() > 1) operation->AddBlob(DNNL_ARG_SHIFT, blobs[1].get());
  return operation;
}

std::unique_ptr<Operation> MakeBias(const OperationRequest& request) {
  const int axis = request.node.parameter().bias_param().axis();
  if (request.bottoms.size() > 1) return MakeBroadcast(request, dnnl::algorithm::binary_add, axis);
  const FloatBlob& summands = *request.node.caffe->blobs()[0];
  const Subject subject = SubjectOf(request.bottoms[0], axis, summands);
  auto operation = std::make_unique<Channelwise>(subject, PrimitiveFor(request, subject.seen_as, Flags::use_shift, 0));
  operation->AddBlob(DNNL_ARG_SHIFT, &summands);
  return operation;
}

}  // namespace caffe_node::onednn
