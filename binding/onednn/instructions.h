// What instructions oneDNN finds, and is let to use (ONEDNN_MAX_CPU_ISA).
#ifndef CAFFE_NODE_ONEDNN_INSTRUCTIONS_H_
#define CAFFE_NODE_ONEDNN_INSTRUCTIONS_H_

#include <oneapi/dnnl/dnnl.hpp>

namespace caffe_node::onednn {

// oneDNN counts the instruction sets of AVX-512 upwards, by bits.
inline bool HasInstructions(dnnl::cpu_isa set) {
  const auto bits = static_cast<unsigned>(set);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

// Vectors of 16 float32.
inline bool HasWideVectors() { return HasInstructions(dnnl::cpu_isa::avx512_core); }
// Tiles: products of small matrices of bf16 in one instruction (AMX).
inline bool HasTiles() { return HasInstructions(dnnl::cpu_isa::avx512_core_amx); }

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_INSTRUCTIONS_H_
