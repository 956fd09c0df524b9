#include "training_primitive.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <string>
#include <unordered_map>

namespace caffe_node::onednn {

namespace {

// All that a convolution may take.
constexpr int kArguments[] = {DNNL_ARG_SRC,      DNNL_ARG_WEIGHTS,      DNNL_ARG_BIAS,      DNNL_ARG_DST,       DNNL_ARG_DIFF_SRC,
                              DNNL_ARG_DIFF_DST, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_BIAS, DNNL_ARG_SCRATCHPAD};

}  // namespace

dnnl::primitive_attr OwnScratch() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

bool IsReference(const dnnl::primitive_desc_base& description) {
  return std::string(description.impl_info_str()).find("ref") != std::string::npos;
}

void RequireFast(const dnnl::primitive_desc_base& description) {
  if (IsReference(description)) throw dnnl::error(dnnl_unimplemented, "there is only a reference implementation");
}

double TimeOf(const dnnl::primitive_desc_base& description, const dnnl::engine& engine, const dnnl::stream& stream) {
  std::unordered_map<int, dnnl::memory> arguments;
  for (const int argument : kArguments) {
    const dnnl::memory::desc layout = description.query_md(dnnl::query::exec_arg_md, argument);
    if (layout.get_size() == 0) continue;
    const dnnl::memory memory(layout, engine);
    std::memset(memory.get_data_handle(), 0, layout.get_size());
    arguments[argument] = memory;
  }
  const dnnl::primitive primitive(description.get());
  double least = 0;
  for (int run = 0; run < 3; ++run) {
    const auto start = std::chrono::steady_clock::now();
    primitive.execute(stream, arguments);
    const double time = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (run == 1 || (run > 1 && time < least)) least = time;  // the first warms up
  }
  return least;
}

}  // namespace caffe_node::onednn
