#include "lrn_by_place.h"

#include <omp.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "bf16_vectors.h"

namespace caffe_node::onednn {

namespace {

constexpr float kBeta = 0.75f;
constexpr std::int64_t kLanes = kBf16Lanes;

std::int64_t WholeVectors(std::int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

INLINED_IN_BF16_VECTORS __m512 SumOf(const float* window, std::int64_t size) {
  __m512 sum{};
  for (std::int64_t i = 0; i < size; ++i) sum += _mm512_loadu_ps(window + i);
  return sum;
}

// To a ten-thousandth: much better than a bf16.
INLINED_IN_BF16_VECTORS __m512 InverseRoot(__m512 values) { return _mm512_maskz_rsqrt14_ps(0xffff, values); }

struct Factors {
  __m512 inverse;  // of the scale
  __m512 power;    // scale ^ −0.75
};
// A scale that squares have made infinite counts as the greatest float32.
INLINED_IN_BF16_VECTORS Factors FactorsFor(__m512 scale) {
  const __m512 greatest = __m512{} + std::numeric_limits<float>::max();
  const __m512 root = InverseRoot(scale < greatest ? scale : greatest);
  return {root * root, root * root * InverseRoot(root)};
}

}  // namespace

bool LrnByPlace::Suits(const caffe::LRNParameter& fields, const Description& images) {
  const bool is_usual = fields.norm_region() == caffe::LRNParameter::ACROSS_CHANNELS && fields.beta() == kBeta &&
                        fields.k() > 0 && fields.alpha() >= 0;
  return is_usual && AreForBf16Vectors(images);
}

LrnByPlace::LrnByPlace(const caffe::LRNParameter& fields, const Description& images, int threads)
    : size_(fields.local_size()),
      alpha_(fields.alpha() / static_cast<float>(fields.local_size())),
      k_(fields.k()),
      channels_(ShapeOf(images)[1]),
      places_(ShapeOf(images)[0] * ShapeOf(images)[2] * ShapeOf(images)[3]),
      threads_(threads) {}

// A value for each channel of a place, and zeros for the half window on either side: what lies outside adds nothing.
std::int64_t LrnByPlace::BufferCount() const { return WholeVectors(WholeVectors(channels_) + size_); }

// body(place, scratch memory of the thread), where zeros are.
template <typename Body>
void LrnByPlace::ByPlace(float* scratch, const Body& body) const {
#pragma omp parallel num_threads(threads_)
  {
    float* const own = scratch + omp_get_thread_num() * 3 * BufferCount();
    std::fill_n(own, 3 * BufferCount(), 0.0f);
#pragma omp for schedule(static)
    for (std::int64_t place = 0; place < places_; ++place) body(place * channels_, own);
  }
}

void LrnByPlace::Forward(const dnnl::memory& bottom, float* scratch, const dnnl::memory& top) const {
  const auto* const from = ValuesOf<Bf16>(bottom);
  auto* const to = ValuesOf<Bf16>(top);
  ByPlace(scratch, [&](std::int64_t begin, float* own) { ForwardPlace(from + begin, own, to + begin); });
}

void LrnByPlace::Backward(const dnnl::memory& bottom, const dnnl::memory& above, float* scratch,
                          const dnnl::memory& below) const {
  const auto* const values = ValuesOf<Bf16>(bottom);
  const auto* const from = ValuesOf<Bf16>(above);
  auto* const to = ValuesOf<Bf16>(below);
  ByPlace(scratch, [&](std::int64_t begin, float* own) { BackwardPlace(values + begin, from + begin, own, to + begin); });
}

IN_BF16_VECTORS void LrnByPlace::PutSquares(const Bf16* bottom, float* squares) const {
  for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
    const __m512 values = Load(bottom + channel, LanesOf(channels_ - channel));
    _mm512_storeu_ps(squares + size_ / 2 + channel, values * values);
  }
}

IN_BF16_VECTORS void LrnByPlace::ForwardPlace(const Bf16* bottom, float* squares, Bf16* top) const {
  PutSquares(bottom, squares);
  for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
    const __mmask16 lanes = LanesOf(channels_ - channel);
    const __m512 scale = SumOf(squares + channel, size_) * alpha_ + k_;
    Store(top + channel, lanes, Load(bottom + channel, lanes) * FactorsFor(scale).power);
  }
}

// above · scale ^ −0.75, less what the value adds to the scales of its neighbours, as Caffe's CrossChannelBackward_cpu.
IN_BF16_VECTORS void LrnByPlace::BackwardPlace(const Bf16* bottom, const Bf16* above, float* squares, Bf16* below) const {
  float* const ratios = squares + BufferCount();
  float* const direct = ratios + BufferCount();
  PutSquares(bottom, squares);
  for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
    const __mmask16 lanes = LanesOf(channels_ - channel);
    const Factors factors = FactorsFor(SumOf(squares + channel, size_) * alpha_ + k_);
    const __m512 passed = Load(above + channel, lanes) * factors.power;
    _mm512_storeu_ps(direct + channel, passed);
    _mm512_storeu_ps(ratios + size_ / 2 + channel, passed * Load(bottom + channel, lanes) * factors.inverse);
  }
  for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
    const __mmask16 lanes = LanesOf(channels_ - channel);
    const __m512 indirect = Load(bottom + channel, lanes) * SumOf(ratios + channel, size_) * (2 * alpha_ * kBeta);
    Store(below + channel, lanes, _mm512_loadu_ps(direct + channel) - indirect);
  }
}

// ---- in an inference plan ------------------------------------------------------------------------------------------------

namespace {

class Lrn final : public Operation {
 public:
  Lrn(const caffe::LRNParameter& fields, const Description& bottom)
      : Operation({bottom}, {bottom}), lrn_(fields, bottom, omp_get_max_threads()) {}

  std::int64_t ScratchBytes() const override { return BytesOf(lrn_.Scratch()); }
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override {
    return std::make_unique<BoundFunction>(
        [this, bottom = bottoms[0], top = tops[0], own = static_cast<float*>(scratch)] { lrn_.Forward(bottom, own, top); });
  }
  std::string Primitive() const override { return "lrn:avx512_bf16"; }

 private:
  const LrnByPlace lrn_;
};

}  // namespace

std::unique_ptr<Operation> MakeLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom) {
  return std::make_unique<Lrn>(fields, bottom);
}

}  // namespace caffe_node::onednn
