#include "operation.h"

namespace caffe_node::onednn {

namespace {

class BoundPrimitive final : public Binding {
 public:
  BoundPrimitive(dnnl::primitive primitive, std::unordered_map<int, dnnl::memory> arguments)
      : primitive_(std::move(primitive)), arguments_(std::move(arguments)) {}

  void Set(int name, const dnnl::memory& memory, const Description& seen_as) {
    if (seen_as == memory.get_desc()) {
      arguments_[name] = memory;
    } else {
      views_.emplace_back(memory, seen_as);
      arguments_[name] = views_.back().memory();
    }
  }

  void Run(const dnnl::stream& stream) override {
    for (View& view : views_) view.Refresh();
    primitive_.execute(stream, arguments_);
  }

 private:
  const dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
  std::vector<View> views_;
};

}  // namespace

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

std::unique_ptr<Binding> PrimitiveOperation::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                                  void* scratch) const {
  auto bound = std::make_unique<BoundPrimitive>(primitive_, arguments_);
  for (std::size_t i = 0; i < bottom_arguments_.size(); ++i)
    bound->Set(bottom_arguments_[i].name, bottoms[i], bottom_arguments_[i].seen_as);
  for (std::size_t i = 0; i < top_arguments_.size(); ++i) bound->Set(top_arguments_[i].name, tops[i], top_arguments_[i].seen_as);
  bound->Set(DNNL_ARG_SCRATCHPAD, dnnl::memory(scratch_, engine_, scratch), scratch_);
  return bound;
}

}  // namespace caffe_node::onednn
