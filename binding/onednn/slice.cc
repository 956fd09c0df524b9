#include <algorithm>
#include <utility>

#include "in_place.h"
#include "operations.h"
#include "reorder.h"
#include "sequence.h"

namespace caffe_node::onednn {

namespace {

std::size_t AxisOf(const caffe::SliceParameter& fields, std::size_t axes) {
  if (fields.has_slice_dim()) return fields.slice_dim();
  return static_cast<std::size_t>(fields.axis() < 0 ? fields.axis() + static_cast<int>(axes) : fields.axis());
}

bool CutsBlocks(const Description& bottom, const std::vector<Shape>& tops, std::size_t axis) {
  const std::int64_t block = BlockOf(bottom, static_cast<int>(axis));
  return std::any_of(tops.begin(), tops.end() - 1, [&](const Shape& top) { return top[axis] % block != 0; });
}

}  // namespace

std::unique_ptr<Operation> MakeSlice(const OperationRequest& request) {
  const Shape shape = ShapeOf(request.bottoms[0]);
  const std::size_t axis = AxisOf(request.node.parameter().slice_param(), shape.size());
  Description bottom = request.bottoms[0];
  if (CutsBlocks(bottom, request.tops, axis)) bottom = Plain(shape, TypeOf(bottom));
  std::vector<Description> tops;
  for (const Shape& top : request.tops) tops.push_back(InFormat(top, bottom));
  if (LiesInSequence(bottom, static_cast<int>(axis))) {
    return std::make_unique<InPlace>(std::vector<Description>{bottom}, std::move(tops), Sharing::Kind::kTopsInBottom);
  }

  auto sequence = std::make_unique<Sequence>(std::vector<Description>{bottom}, tops);
  Shape begin(shape.size(), 0);
  for (std::size_t top = 0; top < tops.size(); ++top) {
    const Description part = bottom.submemory_desc(request.tops[top], begin);
    sequence->Add(std::make_unique<Reorder>(request.context, part, tops[top]), {Sequence::Bottom(0)}, {Sequence::Top(top)});
    begin[axis] += request.tops[top][axis];
  }
  return sequence;
}

}  // namespace caffe_node::onednn
