#include "reorder.h"

namespace caffe_node::onednn {

Reorder::Reorder(const Context& context, const Description& from, const Description& to)
    : Reorder(dnnl::reorder::primitive_desc(context.engine, from, context.engine, to, SharedScratch())) {}

Reorder::Reorder(const dnnl::reorder::primitive_desc& primitive)
    : PrimitiveOperation({primitive.src_desc()}, {primitive.dst_desc()}, primitive, dnnl::reorder(primitive),
                         {{DNNL_ARG_FROM, primitive.src_desc()}}, {{DNNL_ARG_TO, primitive.dst_desc()}}) {}

}  // namespace caffe_node::onednn
