#include <algorithm>

#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::prelu_forward::primitive_desc;

class Prelu final : public PrimitiveOperation {
 public:
  Prelu(const Descriptor& primitive, FloatLayer* layer)
      : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::prelu_forward(primitive),
                           {{DNNL_ARG_SRC, primitive.src_desc()}}, {{DNNL_ARG_DST, primitive.dst_desc()}}),
        layer_(layer),
        // Channels and nothing else: whatever the format, they lie densely, and zeros behind them.
        slopes_(static_cast<std::size_t>(BytesOf(primitive.weights_desc())) / sizeof(float), 0.0F),
        channels_(ShapeOf(primitive.weights_desc())[1]) {
    SetArgument(DNNL_ARG_WEIGHTS, {primitive.weights_desc(), primitive.get_engine(), slopes_.data()});
  }
  int overwritable() const override { return 0; }
  std::int64_t ParameterBytes() const override { return static_cast<std::int64_t>(slopes_.size() * sizeof(float)); }

  void TakeParameters() override {
    const FloatBlob& blob = *layer_->blobs()[0];
    if (blob.count() == channels_) {
      std::copy_n(blob.cpu_data(), channels_, slopes_.begin());
    } else {
      std::fill_n(slopes_.begin(), channels_, blob.cpu_data()[0]);
    }
  }

 private:
  FloatLayer* const layer_;
  std::vector<float> slopes_;
  const std::int64_t channels_;
};

}  // namespace

std::unique_ptr<Operation> MakePrelu(const OperationRequest& request) {
  const Description& bottom = request.bottoms[0];
  Shape slopes(ShapeOf(bottom).size(), 1);
  slopes[1] = ShapeOf(bottom)[1];
  const dnnl::prelu_forward::desc description(dnnl::prop_kind::forward_inference, bottom, Any(slopes, DataType::f32));
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Prelu>(primitive, request.node.caffe);
}

}  // namespace caffe_node::onednn
