// 16 bf16 at a time, as float32: for functions compiled IN_BF16_VECTORS, on processors that have tiles (instructions.h).
#ifndef CAFFE_NODE_ONEDNN_BF16_VECTORS_H_
#define CAFFE_NODE_ONEDNN_BF16_VECTORS_H_

#include <immintrin.h>

#include <cstdint>

#include "description.h"
#include "instructions.h"

namespace caffe_node::onednn {

#define IN_BF16_VECTORS __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define INLINED_IN_BF16_VECTORS __attribute__((target("arch=x86-64-v4,avx512bf16"), always_inline)) inline

// Whether the processor has these instructions, and the images are bf16 whose channels lie together.
inline bool AreForBf16Vectors(const Description& images) {
  const Shape shape = ShapeOf(images);
  return HasTiles() && TypeOf(images) == DataType::bf16 && shape.size() == 4 && images == ChannelsLast(shape, DataType::bf16);
}

// A bf16 is the upper half of a float32.
using Bf16 = std::uint16_t;
constexpr std::int64_t kBf16Lanes = 16;

// The lanes that there are, when so many values are left.
inline __mmask16 LanesOf(std::int64_t count) { return static_cast<__mmask16>(count >= kBf16Lanes ? 0xffff : (1 << count) - 1); }

// Zeros in the other lanes. (The variants without lanes make GCC 12 warn of its own header.)
INLINED_IN_BF16_VECTORS __m512 Load(const Bf16* values, __mmask16 lanes) {
  const __m512i upper = _mm512_maskz_cvtepu16_epi32(lanes, _mm256_maskz_loadu_epi16(lanes, values));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(lanes, upper, 16));
}

INLINED_IN_BF16_VECTORS void Store(Bf16* to, __mmask16 lanes, __m512 values) {
  _mm256_mask_storeu_epi16(to, lanes, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(values)));
}

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_BF16_VECTORS_H_
