#include "max_pooling.h"

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "bf16_vectors.h"

namespace caffe_node::onednn {

namespace {

// The bits of a bf16. As whole numbers they are in the order of the values once those below zero are turned around; doing so
// twice leaves them as they were.
using Bits = std::int16_t;
constexpr Bits kLeast = std::numeric_limits<Bits>::min();
constexpr std::int64_t kLanes = 32;
using Vector = Bits __attribute__((vector_size(2 * kLanes)));

INLINED_IN_BF16_VECTORS Vector Turned(Vector bits) { return bits ^ ((bits >> 15) & 0x7fff); }
INLINED_IN_BF16_VECTORS Vector LoadBits(const Bits* values, __mmask32 lanes) {
  return reinterpret_cast<Vector>(_mm512_maskz_loadu_epi16(lanes, values));
}
INLINED_IN_BF16_VECTORS void StoreBits(Bits* to, __mmask32 lanes, Vector bits) {
  _mm512_mask_storeu_epi16(to, lanes, reinterpret_cast<__m512i>(bits));
}

// The part of the bottom that a window covers, and where the window begins, with its padding.
struct Covered {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t origin;
};
Covered CoveredBy(const PooledAxis& axis, std::int64_t window, std::int64_t extent) {
  const std::int64_t begin = window * axis.stride - axis.before;
  return {std::max<std::int64_t>(begin, 0), std::min(begin + axis.kernel, extent), begin};
}

// The windows that cover a place of the bottom.
struct Windows {
  std::int64_t begin;
  std::int64_t end;
};
Windows WindowsAt(const PooledAxis& axis, std::int64_t place, std::int64_t count) {
  const std::int64_t padded = place + axis.before;
  const std::int64_t begin = padded < axis.kernel ? 0 : (padded - axis.kernel) / axis.stride + 1;
  return {begin, std::min(padded / axis.stride + 1, count)};
}

// One window of an image.
struct Window {
  const Bits* image;
  std::int64_t row;
  std::int64_t pixel;
  Covered y;
  Covered x;
  std::int64_t width;  // of a window, to count its places by
};

// The maxima of kVectors vectors of channels, of which there are these lanes.
template <bool kNotes, int kVectors>
IN_BF16_VECTORS void MaximaOf(const Window& window, __mmask32 lanes, Bits* top, Bits* places) {
  Vector maxima[kVectors];
  Vector found[kVectors] = {};
  for (int i = 0; i < kVectors; ++i) maxima[i] = Vector{} + kLeast;
  for (std::int64_t line = window.y.begin; line < window.y.end; ++line) {
    for (std::int64_t column = window.x.begin; column < window.x.end; ++column) {
      const Bits* const values = window.image + line * window.row + column * window.pixel;
      const auto place = static_cast<Bits>((line - window.y.origin) * window.width + column - window.x.origin);
      for (int i = 0; i < kVectors; ++i) {
        const Vector value = Turned(LoadBits(values + i * kLanes, lanes));
        if (kNotes) found[i] = value > maxima[i] ? Vector{} + place : found[i];
        maxima[i] = value > maxima[i] ? value : maxima[i];
      }
    }
  }
  for (int i = 0; i < kVectors; ++i) {
    StoreBits(top + i * kLanes, lanes, Turned(maxima[i]));
    if (kNotes) StoreBits(places + i * kLanes, lanes, found[i]);
  }
}

template <bool kNotes>
void MaximaOfAll(Window window, std::int64_t channels, Bits* top, Bits* places) {
  constexpr std::int64_t kMany = 4;
  constexpr __mmask32 kAll = 0xffffffff;
  for (std::int64_t left = channels; left > 0;) {
    const std::int64_t some = left >= kMany * kLanes ? kMany * kLanes : std::min(left, kLanes);
    if (some > kLanes) {
      MaximaOf<kNotes, kMany>(window, kAll, top, places);
    } else {
      MaximaOf<kNotes, 1>(window, kAll >> (kLanes - some), top, places);
    }
    window.image += some;
    top += some;
    if (kNotes) places += some;
    left -= some;
  }
}

}  // namespace

bool MaxPooling::Suits(const Description& bottom, const PooledAxis& y, const PooledAxis& x) {
  return AreForBf16Vectors(bottom) && y.kernel * x.kernel <= std::numeric_limits<Bits>::max();
}

template <bool kNotes>
void MaxPooling::ForwardAll(const Bits* bottom, Bits* top, Bits* places) const {
  const std::int64_t channels = bottom_[1];
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < bottom_[0]; ++image) {
    for (std::int64_t line = 0; line < top_[2]; ++line) {
      Window window{bottom + image * bottom_[2] * bottom_[3] * channels,
                    bottom_[3] * channels,
                    channels,
                    CoveredBy(y_, line, bottom_[2]),
                    {},
                    x_.kernel};
      for (std::int64_t column = 0; column < top_[3]; ++column) {
        const std::int64_t begin = ((image * top_[2] + line) * top_[3] + column) * channels;
        window.x = CoveredBy(x_, column, bottom_[3]);
        MaximaOfAll<kNotes>(window, channels, top + begin, kNotes ? places + begin : nullptr);
      }
    }
  }
}

void MaxPooling::Forward(const dnnl::memory& bottom, const dnnl::memory& top) const {
  ForwardAll<false>(ValuesOf<Bits>(bottom), ValuesOf<Bits>(top), nullptr);
}

void MaxPooling::ForwardWithPlaces(const dnnl::memory& bottom, const dnnl::memory& top, const dnnl::memory& places) const {
  ForwardAll<true>(ValuesOf<Bits>(bottom), ValuesOf<Bits>(top), ValuesOf<Bits>(places));
}

void MaxPooling::Backward(const dnnl::memory& above, const dnnl::memory& places, const dnnl::memory& below) const {
  const std::int64_t channels = bottom_[1];
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < bottom_[0]; ++image) {
    for (std::int64_t line = 0; line < bottom_[2]; ++line) {
      const std::int64_t top = image * top_[2] * top_[3] * channels;
      Bf16* to = ValuesOf<Bf16>(below) + (image * bottom_[2] + line) * bottom_[3] * channels;
      for (std::int64_t column = 0; column < bottom_[3]; ++column, to += channels) {
        BackwardPixel(ValuesOf<Bf16>(above) + top, ValuesOf<Bits>(places) + top, line, column, to);
      }
    }
  }
}

// Of the windows that cover the pixel, those add their gradient whose maximum it was.
IN_BF16_VECTORS void MaxPooling::BackwardPixel(const Bf16* above, const Bits* places, std::int64_t y, std::int64_t x,
                                               Bf16* below) const {
  const std::int64_t channels = bottom_[1];
  const Windows rows = WindowsAt(y_, y, top_[2]);
  const Windows columns = WindowsAt(x_, x, top_[3]);
  for (std::int64_t channel = 0; channel < channels; channel += kBf16Lanes) {
    const __mmask16 lanes = LanesOf(channels - channel);
    __m512 sum{};
    for (std::int64_t row = rows.begin; row < rows.end; ++row) {
      for (std::int64_t column = columns.begin; column < columns.end; ++column) {
        const std::int64_t place = (y + y_.before - row * y_.stride) * x_.kernel + x + x_.before - column * x_.stride;
        const std::int64_t begin = (row * top_[3] + column) * channels + channel;
        const __m256i found = _mm256_maskz_loadu_epi16(lanes, places + begin);
        const __mmask16 here = _mm256_mask_cmpeq_epi16_mask(lanes, found, _mm256_set1_epi16(static_cast<Bits>(place)));
        sum += Load(above + begin, here);
      }
    }
    Store(below + channel, lanes, sum);
  }
}

// ---- in an inference plan ------------------------------------------------------------------------------------------------

namespace {

class Maxima final : public Operation {
 public:
  Maxima(const Description& bottom, const Description& top, const PooledAxis& y, const PooledAxis& x)
      : Operation({bottom}, {top}), pooling_(ShapeOf(bottom), ShapeOf(top), y, x) {}

  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* /*scratch*/) const override {
    return std::make_unique<BoundFunction>([this, bottom = bottoms[0], top = tops[0]] { pooling_.Forward(bottom, top); });
  }
  std::string Primitive() const override { return "maxima:avx512"; }

 private:
  const MaxPooling pooling_;
};

}  // namespace

std::unique_ptr<Operation> MakeMaxPooling(const Description& bottom, const Description& top, const PooledAxis& y,
                                          const PooledAxis& x) {
  return std::make_unique<Maxima>(bottom, top, y, x);
}

}  // namespace caffe_node::onednn
