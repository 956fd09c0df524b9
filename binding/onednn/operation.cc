#include "operation.h"

namespace caffe_node::onednn {

bool IsFast(const dnnl::primitive_desc_base& primitive) {
  // "ref:any", "lrn_ref:any"
  return std::string(primitive.impl_info_str()).find("ref:") == std::string::npos;
}

void RequireFast(const dnnl::primitive_desc_base& primitive) {
  if (!IsFast(primitive)) throw Refusal("oneDNN has only a reference implementation");
}

dnnl::primitive_attr SharedScratch(dnnl::post_ops fused) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attributes.set_post_ops(fused);
  return attributes;
}

PrimitiveOperation::PrimitiveOperation(std::vector<Description> bottoms, std::vector<Description> tops,
                                       const dnnl::primitive_desc_base& descriptor, dnnl::primitive primitive,
                                       std::vector<Argument> bottom_arguments, std::vector<Argument> top_arguments)
    : Operation(std::move(bottoms), std::move(tops)),
      engine_(descriptor.get_engine()),
      primitive_(std::move(primitive)),
      implementation_(descriptor.impl_info_str()),
      scratch_(descriptor.scratchpad_desc()),
      bottom_arguments_(std::move(bottom_arguments)),
      top_arguments_(std::move(top_arguments)) {}

void PrimitiveOperation::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops, void* scratch) {
  views_.clear();
  BindAll(bottom_arguments_, bottoms);
  BindAll(top_arguments_, tops);
  arguments_[DNNL_ARG_SCRATCHPAD] = dnnl::memory(scratch_, engine_, scratch);
}

void PrimitiveOperation::BindAll(const std::vector<Argument>& names, const std::vector<dnnl::memory>& memory) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].seen_as == memory[i].get_desc()) {
      arguments_[names[i].name] = memory[i];
    } else {
      views_.emplace_back(memory[i], names[i].seen_as);
      arguments_[names[i].name] = views_.back().memory();
    }
  }
}

void PrimitiveOperation::Run(const dnnl::stream& stream) {
  for (View& view : views_) view.Refresh();
  primitive_.execute(stream, arguments_);
}

}  // namespace caffe_node::onednn
