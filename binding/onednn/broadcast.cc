#include "broadcast.h"

#include <functional>
#include <numeric>

namespace caffe_node::onednn {

namespace {

using Descriptor = dnnl::binary::primitive_desc;

std::int64_t Product(Shape::const_iterator first, Shape::const_iterator end) {
  return std::accumulate(first, end, std::int64_t{1}, std::multiplies<>());
}

// Both bottoms as the plan has them, and as the primitive sees them: with extents that are the same or 1.
struct Subjects {
  Description first;
  Description second;
  Description first_seen_as;
  Description second_seen_as;
};

// A factor for each channel of each image, as squeeze-and-excitation has: where no block is cut, they lie as the channels do.
bool IsPerChannel(const Description& first, const Shape& second, std::size_t axis) {
  return ShapeOf(first).size() == 4 && !IsPlain(first) && axis == 0 && second.size() == 2 && second[1] % BlockOf(first, 1) == 0;
}

Subjects SubjectsOf(const Description& first, const Description& second, std::size_t axis) {
  const Shape shape = ShapeOf(first);
  const Shape part = ShapeOf(second);
  const DataType type = TypeOf(first);
  if (part == shape) return {first, first, first, first};
  if (IsPerChannel(first, part, axis)) {
    return {first, Plain(part, type), first, InFormat({part[0], part[1], 1, 1}, first)};
  }
  // A single value is for all, whichever axis is said.
  const bool single = Product(part.begin(), part.end()) == 1;
  const auto begin = shape.begin() + static_cast<std::ptrdiff_t>(single ? 0 : axis);
  const auto end = begin + static_cast<std::ptrdiff_t>(single ? 0 : part.size());
  Shape seen{Product(shape.begin(), begin), Product(begin, end)};
  Shape seen_part{1, seen[1]};
  if (const std::int64_t inner = Product(end, shape.end()); inner > 1) {
    seen.push_back(inner);
    seen_part.push_back(1);
  }
  return {Plain(shape, type), Plain(part, type), Plain(seen, type), Plain(seen_part, type)};
}

class Broadcast final : public PrimitiveOperation {
 public:
  Broadcast(const Subjects& subjects, const Descriptor& primitive)
      : PrimitiveOperation({subjects.first, subjects.second}, {subjects.first}, primitive, dnnl::binary(primitive),
                           {{DNNL_ARG_SRC_0, subjects.first_seen_as}, {DNNL_ARG_SRC_1, subjects.second_seen_as}},
                           {{DNNL_ARG_DST, subjects.first_seen_as}}) {}
  int overwritable() const override { return 0; }
};

}  // namespace

std::unique_ptr<Operation> MakeBroadcast(const OperationRequest& request, dnnl::algorithm algorithm, int given_axis) {
  const int axis = given_axis < 0 ? given_axis + static_cast<int>(request.tops[0].size()) : given_axis;
  const Subjects subjects = SubjectsOf(request.bottoms[0], request.bottoms[1], static_cast<std::size_t>(axis));
  const dnnl::binary::desc description(algorithm, subjects.first_seen_as, subjects.second_seen_as, subjects.first_seen_as);
  const Descriptor primitive(description, SharedScratch(), request.context.engine);
  RequireFast(primitive);
  return std::make_unique<Broadcast>(subjects, primitive);
}

}  // namespace caffe_node::onednn
