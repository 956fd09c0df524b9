#include "description.h"

#include <algorithm>
#include <numeric>

#include "instructions.h"

namespace caffe_node::onednn {

namespace {

Shape AtLeastOneAxis(const Shape& shape) { return shape.empty() ? Shape{1} : shape; }

const char* AxisNames(int axes) {
  if (axes == 3) return "ncw";
  if (axes == 4) return "nchw";
  if (axes == 5) return "ncdhw";
  return axes == 2 ? "nc" : "abcdefghijkl";
}

}  // namespace

Description Plain(const Shape& given, DataType type) {
  const Shape shape = AtLeastOneAxis(given);
  Shape strides(shape.size(), 1);
  for (std::size_t axis = shape.size() - 1; axis > 0; --axis) strides[axis - 1] = strides[axis] * shape[axis];
  return {shape, type, strides};
}

Description Blocked(const Shape& shape, DataType type) {
  using Tag = dnnl::memory::format_tag;
  const Tag by_16[]{Tag::nCw16c, Tag::nChw16c, Tag::nCdhw16c};
  const Tag by_8[]{Tag::nCw8c, Tag::nChw8c, Tag::nCdhw8c};
  return {shape, type, (HasWideVectors() ? by_16 : by_8)[shape.size() - 3]};
}

Description ChannelsLast(const Shape& shape, DataType type) {
  using Tag = dnnl::memory::format_tag;
  const Tag tags[]{Tag::nwc, Tag::nhwc, Tag::ndhwc};
  return {shape, type, tags[shape.size() - 3]};
}

Description Native(const Shape& shape, DataType type) {
  return type == DataType::bf16 && HasTiles() ? ChannelsLast(shape, type) : Blocked(shape, type);
}

Description Any(const Shape& shape, DataType type) { return {AtLeastOneAxis(shape), type, dnnl::memory::format_tag::any}; }

Description WithType(const Description& description, DataType type) {
  Description other = description;
  other.data.data_type = dnnl::memory::convert_to_c(type);
  return other;
}

Description InFormat(const Shape& given, const Description& other) {
  const Shape shape = AtLeastOneAxis(given);
  Description result = other;
  std::int64_t stride = 1;
  dnnl_memory_desc_t& facts = result.data;
  dnnl_blocking_desc_t& blocking = facts.format_desc.blocking;
  for (int i = 0; i < blocking.inner_nblks; ++i) stride *= blocking.inner_blks[i];
  const std::vector<int> order = OrderOfAxes(other);
  for (auto axis = order.rbegin(); axis != order.rend(); ++axis) {
    const std::int64_t block = BlockOf(other, *axis);
    const std::int64_t extent = shape[static_cast<std::size_t>(*axis)];
    const std::int64_t blocks = (extent + block - 1) / block;
    facts.dims[*axis] = extent;
    facts.padded_dims[*axis] = blocks * block;
    blocking.strides[*axis] = stride;
    stride *= blocks;
  }
  return result;
}

std::vector<int> OrderOfAxes(const Description& description) {
  std::vector<int> axes(static_cast<std::size_t>(description.data.ndims));
  std::iota(axes.begin(), axes.end(), 0);
  const auto& strides = description.data.format_desc.blocking.strides;
  std::stable_sort(axes.begin(), axes.end(), [&](int a, int b) { return strides[a] > strides[b]; });
  return axes;
}

std::int64_t BlockOf(const Description& description, int axis) {
  const dnnl_blocking_desc_t& blocking = description.data.format_desc.blocking;
  std::int64_t block = 1;
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    if (blocking.inner_idxs[i] == axis) block *= blocking.inner_blks[i];
  }
  return block;
}

bool LiesInSequence(const Description& description, int axis) {
  const Shape shape = ShapeOf(description);
  for (const int outer : OrderOfAxes(description)) {
    if (outer == axis) break;
    if (shape[static_cast<std::size_t>(outer)] > 1) return false;
  }
  return true;
}

Shape ShapeOf(const Description& description) { return description.dims(); }

DataType TypeOf(const Description& description) { return description.data_type(); }

bool IsPlain(const Description& description) { return description == Plain(ShapeOf(description), TypeOf(description)); }

std::int64_t BytesOf(const Description& description) { return static_cast<std::int64_t>(description.get_size()); }

std::string FormatText(const Description& description) {
  const dnnl_memory_desc_t& facts = description.data;
  if (facts.format_kind == dnnl_format_kind_any) return "any";
  if (facts.format_kind != dnnl_blocked) return "packed";
  const dnnl_blocking_desc_t& blocking = facts.format_desc.blocking;
  const std::string names = AxisNames(facts.ndims);
  std::string blocks;
  std::string blocked;
  for (int i = 0; i < blocking.inner_nblks; ++i) {
    const char name = names[static_cast<std::size_t>(blocking.inner_idxs[i])];
    blocks += std::to_string(blocking.inner_blks[i]) + name;
    blocked += name;
  }
  std::string text;
  for (const int axis : OrderOfAxes(description)) {
    const char name = names[static_cast<std::size_t>(axis)];
    text += blocked.find(name) == std::string::npos ? name : static_cast<char>(name - 'a' + 'A');
  }
  return text + blocks;
}

}  // namespace caffe_node::onednn
