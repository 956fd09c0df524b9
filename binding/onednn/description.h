// How values lie in memory: what operations ask oneDNN for, compare, and say.
#ifndef CAFFE_NODE_ONEDNN_DESCRIPTION_H_
#define CAFFE_NODE_ONEDNN_DESCRIPTION_H_

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "../net_plan.h"

namespace caffe_node::onednn {

// Extents, values' type and format. The extents are always those of the Caffe blob; a scalar is one value on one axis.
using Description = dnnl::memory::desc;
using Shape = std::vector<std::int64_t>;
using DataType = dnnl::memory::data_type;

// What values between the layers are kept in.
inline DataType TypeFor(Precision precision) { return precision == Precision::kBf16 ? DataType::bf16 : DataType::f32; }

// Caffe's own order of the values: the last axis lies dense.
Description Plain(const Shape& shape, DataType type = DataType::f32);
// The channels in blocks as wide as the processor's vectors: nChw16c. For three to five axes.
Description Blocked(const Shape& shape, DataType type);
// The channels of a place together: nhwc. For three to five axes.
Description ChannelsLast(const Shape& shape, DataType type);
// What the fastest convolutions take and leave: blocks, but where the processor has tiles for bf16, these want the channels
// together.
Description Native(const Shape& shape, DataType type);
// In whatever format a primitive likes best; only for asking.
Description Any(const Shape& shape, DataType type);
// The format of another, for this type.
Description WithType(const Description& description, DataType type);

// The format of another (a blocked one, as all are but some of weights), for this shape.
Description InFormat(const Shape& shape, const Description& other);

// The axes as they lie, the outermost first.
std::vector<int> OrderOfAxes(const Description& description);
// How many values of an axis lie together: 16 for the channels of nChw16c.
std::int64_t BlockOf(const Description& description, int axis);

// Whether the parts of it along an axis lie one behind the other: nothing is outside of the axis.
bool LiesInSequence(const Description& description, int axis);

Shape ShapeOf(const Description& description);
DataType TypeOf(const Description& description);
bool IsPlain(const Description& description);
std::int64_t BytesOf(const Description& description);

// What lies there.
template <typename Value>
Value* ValuesOf(const dnnl::memory& memory) {
  return static_cast<Value*>(memory.get_data_handle());
}

// 'nChw16c', 'nchw', 'nc'; for axes that have no such names 'abcdef'.
std::string FormatText(const Description& description);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_DESCRIPTION_H_
