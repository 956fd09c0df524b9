#include <algorithm>

#include "in_place.h"
#include "operations.h"

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::concat::primitive_desc;

class Concat final : public PrimitiveOperation {
 public:
  Concat(const std::vector<Description>& bottoms, const Descriptor& primitive)
      : PrimitiveOperation(bottoms, {primitive.dst_desc()}, primitive, dnnl::concat(primitive), Arguments(bottoms),
                           {{DNNL_ARG_DST, primitive.dst_desc()}}) {}

 private:
  static std::vector<Argument> Arguments(const std::vector<Description>& bottoms) {
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < bottoms.size(); ++i) {
      arguments.push_back({DNNL_ARG_MULTIPLE_SRC + static_cast<int>(i), bottoms[i]});
    }
    return arguments;
  }
};

int AxisOf(const caffe::ConcatParameter& fields, std::size_t axes) {
  if (fields.has_concat_dim()) return static_cast<int>(fields.concat_dim());
  return fields.axis() < 0 ? fields.axis() + static_cast<int>(axes) : fields.axis();
}

bool CutsBlocks(const std::vector<Description>& bottoms, int axis, std::int64_t block) {
  return std::any_of(bottoms.begin(), bottoms.end() - 1,
                     [&](const Description& bottom) { return ShapeOf(bottom)[static_cast<std::size_t>(axis)] % block != 0; });
}

// The bottoms in the format of the first, or plain where its blocks would be cut.
std::vector<Description> InOneFormat(const std::vector<Description>& bottoms, int axis) {
  Description format = bottoms.front();
  if (CutsBlocks(bottoms, axis, BlockOf(format, axis))) format = Plain(ShapeOf(format), TypeOf(format));
  std::vector<Description> result;
  for (const Description& bottom : bottoms) result.push_back(InFormat(ShapeOf(bottom), format));
  return result;
}

}  // namespace

std::unique_ptr<Operation> MakeConcat(const OperationRequest& request) {
  const Shape& shape = request.tops[0];
  const int axis = AxisOf(request.node.parameter().concat_param(), shape.size());
  std::vector<Description> bottoms = InOneFormat(request.bottoms, axis);
  const Description top = InFormat(shape, bottoms.front());
  if (LiesInSequence(bottoms.front(), axis)) {
    return std::make_unique<InPlace>(std::move(bottoms), std::vector<Description>{top}, Sharing::Kind::kBottomsInTop);
  }
  const Descriptor primitive(top, axis, bottoms, request.context.engine, SharedScratch());
  return std::make_unique<Concat>(bottoms, primitive);
}

}  // namespace caffe_node::onednn
