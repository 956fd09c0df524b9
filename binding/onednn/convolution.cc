#include "activation.h"
#include "convolution_problem.h"
#include "operations.h"
#include "padded_pointwise.h"
#include "weighted_operation.h"
#include "winograd_convolution.h"

namespace caffe_node::onednn {

namespace {

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

class Convolution final : public WeightedOperation {
 public:
  Convolution(const ConvolutionDescriptor& descriptor, const Node& node, const Shape& weights)
      : WeightedOperation({descriptor.src_desc()}, {descriptor.dst_desc()}, descriptor, dnnl::convolution_forward(descriptor),
                          {{DNNL_ARG_SRC, descriptor.src_desc()}}, {{DNNL_ARG_DST, descriptor.dst_desc()}}) {
    AddWeights(descriptor.get_engine(), node, Plain(weights), descriptor.weights_desc(), descriptor.bias_desc());
  }
};

}  // namespace

std::unique_ptr<Operation> MakeConvolution(const OperationRequest& request) {
  const caffe::ConvolutionParameter& fields = request.node.parameter().convolution_param();
  ConvolutionProblem problem;
  problem.bottom = ShapeOf(request.bottoms[0]);
  RequireConvolvable(request.node, problem.bottom);
  problem.weights = WeightShape(request.node);
  problem.top = request.tops[0];
  problem.window = WindowOf(fields, problem.bottom.size() - 2);
  problem.with_bias = HasBias(request.node);
  problem.type = request.context.type();
  problem.top_type = request.top_type();
  problem.fused = PostOperations(request.node.fused);
  if (IsPaddedPointwise(problem)) return MakePaddedPointwise(request, problem);
  const ConvolutionDescriptor descriptor = FastestConvolution(problem, request.context.engine, request.context.tuning);
  if (!descriptor) return MakeWinogradConvolution(request, problem);
  return std::make_unique<Convolution>(descriptor, request.node, problem.weights);
}

}  // namespace caffe_node::onednn
