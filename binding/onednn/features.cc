#include <oneapi/dnnl/dnnl.hpp>

#include "../net_plan.h"

namespace caffe_node {

EngineFeatures DetectEngine() {
  EngineFeatures features;
  const dnnl::version_t* const version = dnnl::version();
  features.version = std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
  // Without the instructions oneDNN would emulate bf16, slower than float32. It counts AVX-512 instruction sets upwards.
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto has = [isa](dnnl::cpu_isa wanted) { return (isa & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted); };
  features.bf16 = has(dnnl::cpu_isa::avx512_core_bf16);
  features.amx = has(dnnl::cpu_isa::avx512_core_amx);
  return features;
}

}  // namespace caffe_node
