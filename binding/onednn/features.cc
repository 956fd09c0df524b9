#include <oneapi/dnnl/dnnl.hpp>

#include "../net_plan.h"
#include "instructions.h"

namespace caffe_node {

EngineFeatures DetectEngine() {
  EngineFeatures features;
  const dnnl::version_t* const version = dnnl::version();
  features.version = std::to_string(version->major) + "." + std::to_string(version->minor) + "." + std::to_string(version->patch);
  // Without the instructions oneDNN would emulate bf16, slower than float32.
  features.bf16 = onednn::HasInstructions(dnnl::cpu_isa::avx512_core_bf16);
  features.amx = onednn::HasTiles();
  return features;
}

}  // namespace caffe_node
