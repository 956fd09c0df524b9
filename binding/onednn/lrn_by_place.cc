#include "lrn_by_place.h"

#include <immintrin.h>
#include <omp.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "instructions.h"

namespace caffe_node::onednn {

namespace {

#define IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define INLINED_IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4,avx512bf16"), always_inline)) inline

using Bits = std::uint16_t;  // of a bf16: the upper half of a float32's
constexpr std::int64_t kLanes = 16;
constexpr __mmask16 kAll = 0xffff;

std::int64_t WholeVectors(std::int64_t count) { return (count + kLanes - 1) / kLanes * kLanes; }

// The lanes that there are from here on.
__mmask16 LanesOf(std::int64_t count) { return static_cast<__mmask16>(count >= kLanes ? kAll : (1 << count) - 1); }

// Zeros in the other lanes. (The variants without lanes make GCC 12 warn of its own header.)
INLINED_IN_WIDE_VECTORS __m512 Load(const Bits* values, __mmask16 lanes) {
  const __m512i upper = _mm512_maskz_cvtepu16_epi32(lanes, _mm256_maskz_loadu_epi16(lanes, values));
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(lanes, upper, 16));
}

INLINED_IN_WIDE_VECTORS __m512 RootUnder(__m512 values) { return _mm512_maskz_rsqrt14_ps(kAll, values); }

// scale ^ −0.75 to a ten-thousandth: much better than a bf16. What squares have made infinite counts as the greatest float32.
INLINED_IN_WIDE_VECTORS __m512 FactorFor(__m512 scale) {
  const __m512 greatest = __m512{} + std::numeric_limits<float>::max();
  const __m512 root = RootUnder(scale < greatest ? scale : greatest);
  return root * root * RootUnder(root);
}

class LrnByPlace final : public Operation {
 public:
  LrnByPlace(const caffe::LRNParameter& fields, const Description& bottom)
      : Operation({bottom}, {bottom}),
        size_(fields.local_size()),
        alpha_(fields.alpha() / static_cast<float>(fields.local_size())),
        k_(fields.k()),
        channels_(ShapeOf(bottom)[1]),
        places_(ShapeOf(bottom)[0] * ShapeOf(bottom)[2] * ShapeOf(bottom)[3]),
        threads_(omp_get_max_threads()) {}

  std::int64_t ScratchBytes() const override { return threads_ * SquareCount() * static_cast<std::int64_t>(sizeof(float)); }
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  std::string Primitive() const override { return "lrn:avx512_bf16"; }

  void Run(const Bits* bottom, float* scratch, Bits* top) const {
#pragma omp parallel num_threads(threads_)
    {
      // Of the channels outside there is nothing to add.
      float* const squares = scratch + omp_get_thread_num() * SquareCount();
      std::fill_n(squares, SquareCount(), 0.0f);
#pragma omp for schedule(static)
      for (std::int64_t place = 0; place < places_; ++place) {
        RunPlace(bottom + place * channels_, squares, top + place * channels_);
      }
    }
  }

 private:
  // Of a place: those of the channels, and zeros for the half window on either side.
  std::int64_t SquareCount() const { return WholeVectors(WholeVectors(channels_) + size_); }

  IN_WIDE_VECTORS void RunPlace(const Bits* bottom, float* squares, Bits* top) const {
    for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
      const __m512 values = Load(bottom + channel, LanesOf(channels_ - channel));
      _mm512_storeu_ps(squares + size_ / 2 + channel, values * values);
    }
    for (std::int64_t channel = 0; channel < channels_; channel += kLanes) {
      const __mmask16 lanes = LanesOf(channels_ - channel);
      __m512 sum{};
      for (std::int64_t i = 0; i < size_; ++i) sum += _mm512_loadu_ps(squares + channel + i);
      const __m512 result = Load(bottom + channel, lanes) * FactorFor(sum * alpha_ + k_);
      _mm256_mask_storeu_epi16(top + channel, lanes, reinterpret_cast<__m256i>(_mm512_cvtneps_pbh(result)));
    }
  }

  const std::int64_t size_;
  const float alpha_;
  const float k_;
  const std::int64_t channels_;
  const std::int64_t places_;  // of all images
  const int threads_;
};

class BoundLrn final : public Binding {
 public:
  BoundLrn(const LrnByPlace& operation, dnnl::memory bottom, dnnl::memory top, float* scratch)
      : operation_(operation), bottom_(std::move(bottom)), top_(std::move(top)), scratch_(scratch) {}

  void Run(const dnnl::stream& /*stream*/) override {
    operation_.Run(static_cast<const Bits*>(bottom_.get_data_handle()), scratch_, static_cast<Bits*>(top_.get_data_handle()));
  }

 private:
  const LrnByPlace& operation_;
  const dnnl::memory bottom_;
  const dnnl::memory top_;
  float* const scratch_;
};

std::unique_ptr<Binding> LrnByPlace::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                          void* scratch) const {
  return std::make_unique<BoundLrn>(*this, bottoms[0], tops[0], static_cast<float*>(scratch));
}

}  // namespace

bool SuitsLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom) {
  const Shape shape = ShapeOf(bottom);
  const bool is_usual = fields.norm_region() == caffe::LRNParameter::ACROSS_CHANNELS && fields.beta() == 0.75f &&
                        fields.k() > 0 && fields.alpha() >= 0;
  return is_usual && HasTiles() && TypeOf(bottom) == DataType::bf16 && shape.size() == 4 &&
         bottom == ChannelsLast(shape, DataType::bf16);
}

std::unique_ptr<Operation> MakeLrnByPlace(const caffe::LRNParameter& fields, const Description& bottom) {
  return std::make_unique<LrnByPlace>(fields, bottom);
}

}  // namespace caffe_node::onednn
