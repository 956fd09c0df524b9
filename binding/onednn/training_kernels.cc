#include "training_kernels.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <cfloat>
#include <cstring>
#include <vector>

#include "description.h"

namespace caffe_node::onednn {

namespace {

// The upper half of a float32.
struct Bf16 {
  std::uint16_t bits;
};

float AsFloat(float value) { return value; }
float AsFloat(Bf16 value) {
  const std::uint32_t bits = std::uint32_t{value.bits} << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

// To the nearest, the even one of two. NaN, whose rounding could carry into the sign, stays NaN.
Bf16 AsBf16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return {static_cast<std::uint16_t>(value != value ? bits >> 16 | 0x40 : rounded)};
}

// Long enough to be worth a thread's while, short enough to share out evenly.
constexpr std::int64_t kPiece = 16384;

// Calls body(from, to, length) with offsets, for pieces of all rows, on all threads.
template <typename Body>
void ForPieces(const Rows& rows, const Body& body) {
  const std::int64_t pieces = (rows.length + kPiece - 1) / kPiece;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t row = 0; row < rows.count; ++row) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t begin = piece * kPiece;
      body(rows.from_begin + row * rows.from_stride + begin, rows.to_begin + row * rows.to_stride + begin,
           std::min(kPiece, rows.length - begin));
    }
  }
}

bool IsBf16(const dnnl::memory& memory) { return memory.get_desc().data_type() == dnnl::memory::data_type::bf16; }

// In the widest vectors there are.
#define IN_VECTORS __attribute__((target_clones("arch=x86-64-v4", "default")))
// Products that might trap are not computed in vectors unless they may; in single steps this takes nine times as long. Not for
// bfloat16: what is compiled with this calls AsFloat and AsBf16 for each value instead of taking them in.
#define IN_VECTORS_OF_PRODUCTS __attribute__((optimize("no-trapping-math"), target_clones("arch=x86-64-v4", "default")))

IN_VECTORS_OF_PRODUCTS void Rectify(const float* from, float* to, std::int64_t length, float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < length; ++i) to[i] = from[i] * (from[i] < 0 ? slope : 1.0f);
}

IN_VECTORS void Rectify(const Bf16* from, Bf16* to, std::int64_t length, float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < length; ++i) to[i] = AsBf16(AsFloat(from[i]) * (AsFloat(from[i]) < 0 ? slope : 1.0f));
}

IN_VECTORS_OF_PRODUCTS void Mask(const float* output, const float* from, float* to, std::int64_t length, float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < length; ++i) to[i] = from[i] * (output[i] > 0 ? 1.0f : slope);
}

IN_VECTORS void Mask(const Bf16* output, const Bf16* from, Bf16* to, std::int64_t length, float slope) {
#pragma omp simd
  for (std::int64_t i = 0; i < length; ++i) to[i] = AsBf16(AsFloat(from[i]) * (AsFloat(output[i]) > 0 ? 1.0f : slope));
}

// More than that does not stay in the caches until it is read: it is written past them, which spares reading the lines first.
constexpr std::int64_t kGreat = std::int64_t{8} << 20;  // bytes

template <typename Element>
void Stream(const Element* from, Element* to, std::int64_t length) {
  constexpr auto kStep = static_cast<std::int64_t>(sizeof(__m128i) / sizeof(Element));
  std::int64_t i = 0;
  for (; i < length && reinterpret_cast<std::uintptr_t>(to + i) % sizeof(__m128i) != 0; ++i) to[i] = from[i];
  for (; i + kStep <= length; i += kStep) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(to + i), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i)));
  }
  for (; i < length; ++i) to[i] = from[i];
}

// Has compute(from, to, length) make the values of all rows; `from` counts values, as in Rows.
template <typename Element, typename Compute>
void ForValues(Element* to, bool in_place, const Rows& rows, const Compute& compute) {
  constexpr std::int64_t kPart = 1024;
  const bool past_caches =
      !in_place && rows.length >= kPart && rows.count * rows.length * static_cast<std::int64_t>(sizeof(Element)) >= kGreat;
  ForPieces(rows, [&](std::int64_t source, std::int64_t target, std::int64_t length) {
    if (!past_caches) return compute(source, to + target, length);
    Element part[kPart];
    for (std::int64_t i = 0; i < length; i += kPart) {
      const std::int64_t some = std::min(kPart, length - i);
      compute(source + i, part, some);
      Stream(part, to + target + i, some);
    }
    _mm_sfence();  // other threads are to see it
  });
}

template <typename Element>
void RectifyAll(const Element* from, Element* to, const Rows& rows, float slope) {
  ForValues(to, from == to, rows,
            [=](std::int64_t begin, Element* result, std::int64_t length) { Rectify(from + begin, result, length, slope); });
}

template <typename Element>
void MaskAll(const Element* output, const Element* from, Element* to, const Rows& rows, float slope) {
  ForValues(to, from == to, rows, [=](std::int64_t begin, Element* result, std::int64_t length) {
    Mask(output + begin, from + begin, result, length, slope);
  });
}

// Images as they lie: pixels, side by side, of a block of channels each, or of all of them.
struct Images {
  explicit Images(const dnnl::memory::desc& layout)
      : count(layout.dims()[0]),
        channels(layout.dims()[1]),
        height(layout.dims()[2]),
        width(layout.dims()[3]),
        pixel(layout.data.format_desc.blocking.strides[3]),
        blocks(layout.data.padded_dims[1] / pixel),
        begin(layout.data.offset0) {
    std::copy_n(layout.data.format_desc.blocking.strides, strides.size(), strides.begin());
  }
  // Where a row begins.
  std::int64_t At(std::int64_t image, std::int64_t block, std::int64_t row) const {
    return begin + image * strides[0] + block * strides[1] + row * strides[2];
  }
  std::int64_t count, channels, height, width, pixel, blocks, begin;
  std::array<std::int64_t, 3> strides;
};

void FromFloat(float value, float* to) { *to = value; }
void FromFloat(float value, Bf16* to) { *to = AsBf16(value); }

template <typename Element>
void Fill(const float* channels, const Images& images, Element* values) {
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < images.count; ++image) {
    for (std::int64_t block = 0; block < images.blocks; ++block) {
      std::vector<Element> row(static_cast<std::size_t>(images.width * images.pixel));
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::int64_t channel = block * images.pixel + static_cast<std::int64_t>(i) % images.pixel;
        FromFloat(channel < images.channels ? channels[channel] : 0, &row[i]);
      }
      for (std::int64_t y = 0; y < images.height; ++y) std::copy(row.begin(), row.end(), values + images.At(image, block, y));
    }
  }
}

// In one order, whatever the number of threads.
template <typename Element>
void Sum(const Element* values, const Images& images, bool add, float* channels) {
#pragma omp parallel for schedule(static)
  for (std::int64_t block = 0; block < images.blocks; ++block) {
    std::vector<float> sums(static_cast<std::size_t>(images.pixel), 0.0f);
    for (std::int64_t image = 0; image < images.count; ++image) {
      std::vector<float> of_image(sums.size(), 0.0f);
      for (std::int64_t y = 0; y < images.height; ++y) {
        const Element* pixel = values + images.At(image, block, y);
        for (std::int64_t x = 0; x < images.width; ++x, pixel += images.pixel) {
          for (std::size_t i = 0; i < sums.size(); ++i) of_image[i] += AsFloat(pixel[i]);
        }
      }
      for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += of_image[i];
    }
    const std::int64_t first = block * images.pixel;
    for (std::int64_t i = 0; i < std::min(images.pixel, images.channels - first); ++i) {
      channels[first + i] = sums[static_cast<std::size_t>(i)] + (add ? channels[first + i] : 0);
    }
  }
}

template <typename Element>
bool AllAbove(float least, const Element* values, std::int64_t count) {
  bool all = true;
#pragma omp parallel for simd reduction(&& : all)
  for (std::int64_t i = 0; i < count; ++i) all = all && AsFloat(values[i]) > least;
  return all;
}

}  // namespace

Rows AllOf(const dnnl::memory::desc& layout) {
  const std::int64_t size = layout.data_type() == dnnl::memory::data_type::bf16 ? 2 : 4;
  const auto length = static_cast<std::int64_t>(layout.get_size()) / size;
  return {1, length, 0, length, 0, length};
}

void CopyRows(const dnnl::memory& from, const dnnl::memory& to, const Rows& rows) {
  const std::int64_t size = IsBf16(from) ? 2 : 4;
  const char* const source = ValuesOf<char>(from);
  char* const target = ValuesOf<char>(to);
  ForPieces(rows, [=](std::int64_t begin, std::int64_t end, std::int64_t length) {
    std::memcpy(target + end * size, source + begin * size, static_cast<std::size_t>(length * size));
  });
}

void RectifyRows(const dnnl::memory& from, const dnnl::memory& to, const Rows& rows, float slope) {
  if (IsBf16(from)) {
    RectifyAll(ValuesOf<Bf16>(from), ValuesOf<Bf16>(to), rows, slope);
  } else {
    RectifyAll(ValuesOf<float>(from), ValuesOf<float>(to), rows, slope);
  }
}

void MaskRows(const dnnl::memory& output, const dnnl::memory& from, const dnnl::memory& to, const Rows& rows, float slope) {
  if (IsBf16(from)) {
    MaskAll(ValuesOf<Bf16>(output), ValuesOf<Bf16>(from), ValuesOf<Bf16>(to), rows, slope);
  } else {
    MaskAll(ValuesOf<float>(output), ValuesOf<float>(from), ValuesOf<float>(to), rows, slope);
  }
}

void CopyImages(const dnnl::memory& from, const dnnl::memory::desc& from_layout, const dnnl::memory& to,
                const dnnl::memory::desc& to_layout) {
  const std::int64_t size = IsBf16(from) ? 2 : 4;
  const char* const source = ValuesOf<char>(from);
  char* const target = ValuesOf<char>(to);
  const Images sources(from_layout);
  const Images targets(to_layout);
  const auto row_size = static_cast<std::size_t>(sources.width * sources.pixel * size);
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image = 0; image < sources.count; ++image) {
    for (std::int64_t block = 0; block < sources.blocks; ++block) {
      for (std::int64_t row = 0; row < sources.height; ++row) {
        std::memcpy(target + targets.At(image, block, row) * size, source + sources.At(image, block, row) * size, row_size);
      }
    }
  }
}

void FillChannels(const float* channels, const dnnl::memory& images) {
  const Images all(images.get_desc());
  IsBf16(images) ? Fill(channels, all, ValuesOf<Bf16>(images)) : Fill(channels, all, ValuesOf<float>(images));
}

void SumChannels(const dnnl::memory& images, bool add, float* channels) {
  const Images all(images.get_desc());
  IsBf16(images) ? Sum(ValuesOf<Bf16>(images), all, add, channels) : Sum(ValuesOf<float>(images), all, add, channels);
}

bool AllDecided(const dnnl::memory& memory) {
  const std::int64_t count = AllOf(memory.get_desc()).length;
  constexpr float kLeastBf16 = -3.38953139e38f;
  return IsBf16(memory) ? AllAbove(kLeastBf16, ValuesOf<Bf16>(memory), count)
                        : AllAbove(-FLT_MAX, ValuesOf<float>(memory), count);
}

}  // namespace caffe_node::onednn
