#include "max_pooling.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "instructions.h"

namespace caffe_node::onednn {

namespace {

#define IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4")))
#define INLINED_IN_WIDE_VECTORS __attribute__((target("arch=x86-64-v4"), always_inline)) inline

// The bits of a bf16. As whole numbers they are in the order of the values once those below zero are turned around; doing so
// twice leaves them as they were.
using Bits = std::int16_t;
constexpr Bits kLeast = std::numeric_limits<Bits>::min();
constexpr std::int64_t kLanes = 32;
using Vector = Bits __attribute__((vector_size(2 * kLanes), aligned(2), may_alias));

INLINED_IN_WIDE_VECTORS Vector Turned(Vector bits) { return bits ^ ((bits >> 15) & 0x7fff); }
INLINED_IN_WIDE_VECTORS Vector Greater(Vector one, Vector other) { return one > other ? one : other; }

// The part of the bottom that a window covers.
struct Covered {
  std::int64_t begin;
  std::int64_t end;
};
Covered CoveredBy(const PooledAxis& axis, std::int64_t window, std::int64_t extent) {
  const std::int64_t begin = window * axis.stride - axis.before;
  return {std::max<std::int64_t>(begin, 0), std::min(begin + axis.kernel, extent)};
}

// The maxima of kVectors vectors of channels.
template <int kVectors>
IN_WIDE_VECTORS void MaximaOf(const Bits* image, std::int64_t row, std::int64_t pixel, Covered y, Covered x, Bits* top) {
  Vector maxima[kVectors];
  for (int i = 0; i < kVectors; ++i) maxima[i] = Vector{} + kLeast;
  for (std::int64_t line = y.begin; line < y.end; ++line) {
    for (std::int64_t place = x.begin; place < x.end; ++place) {
      const auto* const values = reinterpret_cast<const Vector*>(image + line * row + place * pixel);
      for (int i = 0; i < kVectors; ++i) maxima[i] = Greater(maxima[i], Turned(values[i]));
    }
  }
  for (int i = 0; i < kVectors; ++i) reinterpret_cast<Vector*>(top)[i] = Turned(maxima[i]);
}

// The same of one channel.
void MaximumOf(const Bits* image, std::int64_t row, std::int64_t pixel, Covered y, Covered x, Bits* top) {
  const auto turned = [](Bits bits) { return static_cast<Bits>(bits ^ ((bits >> 15) & 0x7fff)); };
  Bits maximum = kLeast;
  for (std::int64_t line = y.begin; line < y.end; ++line) {
    for (std::int64_t place = x.begin; place < x.end; ++place) {
      maximum = std::max(maximum, turned(image[line * row + place * pixel]));
    }
  }
  *top = turned(maximum);
}

class MaxPooling final : public Operation {
 public:
  MaxPooling(const Description& bottom, const Description& top, const PooledAxis& y, const PooledAxis& x)
      : Operation({bottom}, {top}), bottom_(ShapeOf(bottom)), top_(ShapeOf(top)), y_(y), x_(x) {}

  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  std::string Primitive() const override { return "maxima:avx512"; }

  void Run(const Bits* bottom, Bits* top) const {
    const std::int64_t channels = bottom_[1];
#pragma omp parallel for collapse(2) schedule(static)
    for (std::int64_t image = 0; image < bottom_[0]; ++image) {
      for (std::int64_t line = 0; line < top_[2]; ++line) {
        const Bits* const from = bottom + image * bottom_[2] * bottom_[3] * channels;
        Bits* to = top + (image * top_[2] + line) * top_[3] * channels;
        for (std::int64_t place = 0; place < top_[3]; ++place, to += channels) {
          RunPlace(from, CoveredBy(y_, line, bottom_[2]), CoveredBy(x_, place, bottom_[3]), to);
        }
      }
    }
  }

 private:
  void RunPlace(const Bits* image, Covered y, Covered x, Bits* top) const {
    constexpr int kMany = 4;
    const std::int64_t channels = bottom_[1];
    const std::int64_t row = bottom_[3] * channels;
    std::int64_t channel = 0;
    for (; channel + kMany * kLanes <= channels; channel += kMany * kLanes) {
      MaximaOf<kMany>(image + channel, row, channels, y, x, top + channel);
    }
    for (; channel + kLanes <= channels; channel += kLanes) MaximaOf<1>(image + channel, row, channels, y, x, top + channel);
    for (; channel < channels; ++channel) MaximumOf(image + channel, row, channels, y, x, top + channel);
  }

  const Shape bottom_;
  const Shape top_;
  const PooledAxis y_;
  const PooledAxis x_;
};

class BoundMaxPooling final : public Binding {
 public:
  BoundMaxPooling(const MaxPooling& operation, dnnl::memory bottom, dnnl::memory top)
      : operation_(operation), bottom_(std::move(bottom)), top_(std::move(top)) {}

  void Run(const dnnl::stream& /*stream*/) override {
    operation_.Run(static_cast<const Bits*>(bottom_.get_data_handle()), static_cast<Bits*>(top_.get_data_handle()));
  }

 private:
  const MaxPooling& operation_;
  const dnnl::memory bottom_;
  const dnnl::memory top_;
};

std::unique_ptr<Binding> MaxPooling::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                          void* /*scratch*/) const {
  return std::make_unique<BoundMaxPooling>(*this, bottoms[0], tops[0]);
}

}  // namespace

bool SuitsMaxPooling(const Description& bottom) {
  const Shape shape = ShapeOf(bottom);
  return HasWideVectors() && TypeOf(bottom) == DataType::bf16 && shape.size() == 4 &&
         bottom == ChannelsLast(shape, DataType::bf16);
}

std::unique_ptr<Operation> MakeMaxPooling(const Description& bottom, const Description& top, const PooledAxis& y,
                                          const PooledAxis& x) {
  return std::make_unique<MaxPooling>(bottom, top, y, x);
}

}  // namespace caffe_node::onednn
