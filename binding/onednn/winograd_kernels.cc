#include "winograd_kernels.h"

#include <algorithm>
#include <array>
#include <utility>

namespace caffe_node::onednn::winograd {

namespace {

using Vector = WideVector;

Vector* Vectors(float* values) { return reinterpret_cast<Vector*>(values); }
const Vector* Vectors(const float* values) { return reinterpret_cast<const Vector*>(values); }

// ---- along one axis, over the points 0, 1, −1, 2, −2 and infinity. All can be done in place. -----------------------------

INLINED_IN_WIDE_VECTORS void TransformValues(const Vector* from, Vector* to, std::int64_t step) {
  const Vector even = from[4 * step] - 4 * from[2 * step];
  const Vector odd = from[3 * step] - 4 * from[step];
  const Vector even_of_2 = from[4 * step] - from[2 * step];
  const Vector odd_of_2 = 2 * (from[3 * step] - from[step]);
  const Vector last = 4 * from[step] - 5 * from[3 * step] + from[5 * step];
  to[0] = 4 * from[0] - 5 * from[2 * step] + from[4 * step];
  to[step] = even + odd;
  to[2 * step] = even - odd;
  to[3 * step] = even_of_2 + odd_of_2;
  to[4 * step] = even_of_2 - odd_of_2;
  to[5 * step] = last;
}

INLINED_IN_WIDE_VECTORS void TransformTaps(const Vector* from, Vector* to, std::int64_t step, std::int64_t count) {
  constexpr std::array<float, kSide - 1> kAt{0, 1, -1, 2, -2};
  constexpr std::array<float, kSide - 1> kFactors{1 / 4.0f, -1 / 6.0f, -1 / 6.0f, 1 / 24.0f, 1 / 24.0f};
  Vector results[kSide];
  for (std::size_t i = 0; i < kAt.size(); ++i) {
    Vector sum{};
    for (std::int64_t tap = count - 1; tap >= 0; --tap) sum = sum * kAt[i] + from[tap * step];
    results[i] = kFactors[i] * sum;
  }
  results[kSide - 1] = from[(count - 1) * step];
  for (std::int64_t i = 0; i < kSide; ++i) to[i * step] = results[i];
}

template <int kTop>
INLINED_IN_WIDE_VECTORS void TransformProducts(const Vector* from, Vector* to, std::int64_t step) {
  const Vector sum = from[step] + from[2 * step];
  const Vector difference = from[step] - from[2 * step];
  const Vector sum_of_2 = from[3 * step] + from[4 * step];
  const Vector difference_of_2 = from[3 * step] - from[4 * step];
  const Vector last = from[5 * step];
  const Vector results[4]{from[0] + sum + sum_of_2, difference + 2 * difference_of_2, sum + 4 * sum_of_2,
                          difference + 8 * difference_of_2};
#pragma GCC unroll 4
  for (int i = 0; i < kTop; ++i) to[i * step] = results[i];
  to[(kTop - 1) * step] += last;
}

template <int kTop>
IN_WIDE_VECTORS void TransformTopOf(const float* products, std::int64_t step, const float* bias, float slope,
                                    const Window<float>& image, std::int64_t width) {
  Vector values[kPoints];
  for (std::int64_t x = 0; x < kSide; ++x) {
    for (std::int64_t y = 0; y < kSide; ++y) values[y * kSide + x] = *Vectors(products + (y * kSide + x) * step);
    TransformProducts<kTop>(values + x, values + x, kSide);
  }
  const Vector summand = bias == nullptr ? Vector{} : *Vectors(bias);
  for (std::int64_t y = 0; y < std::min<std::int64_t>(kTop, image.height); ++y) {
    Vector row[kSide];
    TransformProducts<kTop>(values + y * kSide, row, 1);
    for (std::int64_t x = 0; x < std::min<std::int64_t>(kTop, image.width); ++x) {
      const Vector value = row[x] + summand;
      reinterpret_cast<LooseVector*>(image.values)[y * width + x] = value < 0 ? value * slope : value;
    }
  }
}

// ---- products: the sums are to stay in registers -------------------------------------------------------------------------

template <int kVectors, int kTiles>
IN_WIDE_VECTORS void Products(const float* numbers, std::int64_t step, std::int64_t channels, const float* weights,
                              float* products) {
  Vector sums[kTiles * kVectors] = {};
  for (std::int64_t channel = 0; channel < channels; ++channel) {
    const Vector* const row = Vectors(weights) + channel * kVectors;
#pragma GCC unroll 24
    for (int i = 0; i < kTiles * kVectors; ++i) sums[i] += numbers[i / kVectors * step + channel] * row[i % kVectors];
  }
#pragma GCC unroll 24
  for (int i = 0; i < kTiles * kVectors; ++i) {
    Vectors(products)[i / kVectors * kPoints * kVectors + i % kVectors] = sums[i];
  }
}

using ProductsOfTiles = void (*)(const float*, std::int64_t, std::int64_t, const float*, float*);

template <int kVectors, int... kLess>
constexpr std::array<ProductsOfTiles, sizeof...(kLess)> ProductsBy(std::integer_sequence<int, kLess...> /*tiles*/) {
  return {&Products<kVectors, kLess + 1>...};
}

template <int kVectors>
void MultiplyVectors(const float* numbers, std::int64_t step, std::int64_t tiles, std::int64_t channels, const float* weights,
                     float* products) {
  // As many as leave registers for the weights.
  constexpr int kMostTiles = kVectors == 1 ? 12 : 24 / kVectors;
  static constexpr auto kProducts = ProductsBy<kVectors>(std::make_integer_sequence<int, kMostTiles>());
  // In as few parts as there must be, all about as great.
  for (std::int64_t left = tiles, parts = (tiles + kMostTiles - 1) / kMostTiles; parts > 0; --parts) {
    const std::int64_t some = (left + parts - 1) / parts;
    kProducts[static_cast<std::size_t>(some - 1)](numbers, step, channels, weights, products);
    numbers += some * step;
    products += some * kPoints * kVectors * kLanes;
    left -= some;
  }
}

}  // namespace

IN_WIDE_VECTORS void TransformBottom(const Window<const float>& image, std::int64_t top, std::int64_t left, float* numbers,
                                     std::int64_t step) {
  Vector values[kPoints];
  const bool whole = left >= 0 && left + kSide <= image.width;
  for (std::int64_t y = 0; y < kSide; ++y) {
    Vector row[kSide] = {};
    const auto* const from = reinterpret_cast<const LooseVector*>(image.values) + (top + y) * image.width + left;
    if (top + y >= 0 && top + y < image.height) {
      for (std::int64_t x = 0; x < kSide; ++x) {
        if (whole || (left + x >= 0 && left + x < image.width)) row[x] = from[x];
      }
    }
    TransformValues(row, values + y * kSide, 1);
  }
  for (std::int64_t x = 0; x < kSide; ++x) {
    TransformValues(values + x, values + x, kSide);
    for (std::int64_t y = 0; y < kSide; ++y) *Vectors(numbers + (y * kSide + x) * step) = values[y * kSide + x];
  }
}

IN_WIDE_VECTORS void TransformWeights(const float* weights, std::int64_t outputs, std::int64_t stride, std::int64_t taps,
                                      float* numbers, std::int64_t step) {
  Vector values[kPoints] = {};
  for (std::int64_t y = 0; y < taps; ++y) {
    for (std::int64_t x = 0; x < taps; ++x) {
      float* const lanes = reinterpret_cast<float*>(values + y * kSide + x);
      for (std::int64_t output = 0; output < outputs; ++output) lanes[output] = weights[output * stride + y * taps + x];
    }
    TransformTaps(values + y * kSide, values + y * kSide, 1, taps);
  }
  for (std::int64_t x = 0; x < kSide; ++x) {
    TransformTaps(values + x, values + x, kSide, taps);
    for (std::int64_t y = 0; y < kSide; ++y) *Vectors(numbers + (y * kSide + x) * step) = values[y * kSide + x];
  }
}

void TransformTop(const float* products, std::int64_t step, std::int64_t side, const float* bias, float slope,
                  const Window<float>& image, std::int64_t width) {
  const auto transform = side == 4 ? &TransformTopOf<4> : side == 3 ? &TransformTopOf<3> : &TransformTopOf<2>;
  transform(products, step, bias, slope, image, width);
}

void Multiply(const float* numbers, std::int64_t step, std::int64_t tiles, std::int64_t channels, const float* weights,
              std::int64_t vectors, float* products) {
  static constexpr std::array kMultiply{&MultiplyVectors<1>, &MultiplyVectors<2>, &MultiplyVectors<3>, &MultiplyVectors<4>};
  kMultiply[static_cast<std::size_t>(vectors - 1)](numbers, step, tiles, channels, weights, products);
}

}  // namespace caffe_node::onednn::winograd
