#include "winograd.h"

#include <omp.h>

#include <algorithm>
#include <array>

#include "instructions.h"
#include "winograd_kernels.h"

namespace caffe_node::onednn {

namespace {

using winograd::kLanes;
using winograd::kMostTaps;
using winograd::kMostVectors;
using winograd::kPoints;
using winograd::kSide;

constexpr auto kBytes = static_cast<std::int64_t>(sizeof(float));

std::int64_t Parts(std::int64_t whole, std::int64_t part) { return (whole + part - 1) / part; }

// What stays in the caches.
constexpr std::int64_t kNumbersPerThread = std::int64_t{192} << 10;  // of the bottom, at a time
constexpr std::int64_t kTilesPerProduct = 48;
constexpr std::int64_t kProductCount = kTilesPerProduct * kPoints * kMostVectors * kLanes;

// All tiles in as few parts as there must be, all about as great.
std::int64_t TilesTogether(std::int64_t tiles, std::int64_t numbers_of_tile, std::int64_t threads) {
  const std::int64_t most = std::max<std::int64_t>(kNumbersPerThread * threads / numbers_of_tile, threads * kTilesPerProduct);
  return Parts(tiles, Parts(tiles, most));
}

}  // namespace

bool Winograd::Suits(const WinogradProblem& problem) {
  const std::int64_t taps = Parts(problem.kernel, problem.stride);
  if (!HasWideVectors() || taps < 3 || taps > kMostTaps) return false;
  if (problem.plain) return problem.groups == 1;
  // Whole vectors of a group, unless it has all channels.
  const bool are_whole = problem.outputs % kLanes == 0 && problem.channels % kLanes == 0;
  return problem.stride == 1 && (problem.groups == 1 || are_whole);
}

Winograd::Winograd(const WinogradProblem& problem, int threads)
    : problem_(problem),
      threads_(threads),
      taps_(Parts(problem.kernel, problem.stride)),
      channels_(problem.channels * problem.stride * problem.stride),
      blocks_(Parts(channels_, kLanes)),
      height_(problem.plain ? problem.top_height + taps_ - 1 : problem.height),
      width_(problem.plain ? problem.top_width + taps_ - 1 : problem.width),
      above_(problem.plain ? 0 : problem.padding_above),
      left_(problem.plain ? 0 : problem.padding_left),
      side_(kSide + 1 - taps_),
      rows_(Parts(problem.top_height, side_)),
      columns_(Parts(problem.top_width, side_)),
      tiles_(problem.images * rows_ * columns_),
      together_(TilesTogether(tiles_, kPoints * blocks_ * kLanes, threads)),
      vectors_(Parts(problem.outputs, kLanes)),
      vector_blocks_(Parts(vectors_, kMostVectors)) {}

std::int64_t Winograd::WeightBytes() const { return problem_.groups * vectors_ * kPoints * channels_ * kLanes * kBytes; }
std::int64_t Winograd::BiasBytes() const { return problem_.groups * vectors_ * kLanes * kBytes; }
std::int64_t Winograd::NumberCount() const { return kPoints * together_ * blocks_ * kLanes; }
std::int64_t Winograd::PhaseCount() const { return problem_.plain ? problem_.images * blocks_ * height_ * width_ * kLanes : 0; }
std::int64_t Winograd::ScratchBytes() const { return (PhaseCount() + NumberCount() + threads_ * kProductCount) * kBytes; }

// Vectors of outputs in as few blocks as there must be, all about as great.
Winograd::Range Winograd::VectorsOf(std::int64_t block) const {
  return {block * vectors_ / vector_blocks_, (block + 1) * vectors_ / vector_blocks_};
}

Winograd::Tile Winograd::TileAt(std::int64_t index) const {
  const std::int64_t column = index % columns_;
  const std::int64_t row = index / columns_;
  return {row / rows_, row % rows_ * side_, column * side_};
}

Winograd::Phase Winograd::PhaseAt(std::int64_t channel) const {
  const std::int64_t stride = problem_.stride;
  return {channel / (stride * stride), channel / stride % stride, channel % stride};
}

// ---- weights -------------------------------------------------------------------------------------------------------------

// By group, block of vectors of outputs, point, channel, output.
void Winograd::TakeWeights(const float* weights, float* result) const {
  const std::int64_t of_output = problem_.channels * problem_.kernel * problem_.kernel;
#pragma omp parallel for collapse(2) schedule(static) num_threads(static_cast <int>(threads_))
  for (std::int64_t group = 0; group < problem_.groups; ++group) {
    for (std::int64_t block = 0; block < vector_blocks_; ++block) {
      const Range vectors = VectorsOf(block);
      const std::int64_t row = vectors.count() * kLanes;
      float* const of_block = result + (group * vectors_ + vectors.begin) * kPoints * channels_ * kLanes;
      for (std::int64_t vector = vectors.begin; vector < vectors.end; ++vector) {
        const std::int64_t outputs = std::min(kLanes, problem_.outputs - vector * kLanes);
        const float* const of_vector = weights + (group * problem_.outputs + vector * kLanes) * of_output;
        for (std::int64_t channel = 0; channel < channels_; ++channel) {
          std::array<float, kLanes * kMostTaps * kMostTaps> taps;
          TakePhase(of_vector, PhaseAt(channel), outputs, taps.data());
          winograd::TransformWeights(taps.data(), outputs, taps_ * taps_, taps_,
                                     of_block + channel * row + (vector - vectors.begin) * kLanes, channels_ * row);
        }
      }
    }
  }
}

// Of some outputs; zeros beyond the kernel.
void Winograd::TakePhase(const float* weights, const Phase& phase, std::int64_t outputs, float* taps) const {
  const std::int64_t kernel = problem_.kernel;
  for (std::int64_t output = 0; output < outputs; ++output) {
    const float* const plane = weights + (output * problem_.channels + phase.channel) * kernel * kernel;
    for (std::int64_t tap = 0; tap < taps_ * taps_; ++tap) {
      const std::int64_t y = tap / taps_ * problem_.stride + phase.y;
      const std::int64_t x = tap % taps_ * problem_.stride + phase.x;
      *taps++ = y < kernel && x < kernel ? plane[y * kernel + x] : 0.0f;
    }
  }
}

// ---- a bottom in Caffe's order -------------------------------------------------------------------------------------------

// Values that are met by the same taps lie side by side, padding included.
void Winograd::MakePhases(const float* bottom, float* phases) const {
#pragma omp for collapse(3) schedule(static)
  for (std::int64_t image = 0; image < problem_.images; ++image) {
    for (std::int64_t block = 0; block < blocks_; ++block) {
      for (std::int64_t y = 0; y < height_; ++y) {
        float* const row = phases + ((image * blocks_ + block) * height_ + y) * width_ * kLanes;
        std::fill_n(row, width_ * kLanes, 0.0f);
        for (std::int64_t lane = 0; lane < std::min(kLanes, channels_ - block * kLanes); ++lane) {
          const Phase phase = PhaseAt(block * kLanes + lane);
          const std::int64_t plane = image * problem_.channels + phase.channel;
          MakePhaseRow(bottom + plane * problem_.height * problem_.width, phase, y, row + lane);
        }
      }
    }
  }
}

void Winograd::MakePhaseRow(const float* plane, const Phase& phase, std::int64_t y, float* row) const {
  const std::int64_t stride = problem_.stride;
  const std::int64_t source_y = y * stride + phase.y - problem_.padding_above;
  if (source_y < 0 || source_y >= problem_.height) return;
  const float* const source = plane + source_y * problem_.width;
  const std::int64_t offset = phase.x - problem_.padding_left;
  const std::int64_t first = offset < 0 ? Parts(-offset, stride) : 0;
  const std::int64_t end = std::min(width_, Parts(std::max<std::int64_t>(problem_.width - offset, 0), stride));
  for (std::int64_t x = first; x < end; ++x) row[x * kLanes] = source[x * stride + offset];
}

// ---- tiles ---------------------------------------------------------------------------------------------------------------

void Winograd::TransformTile(const Memory& memory, std::int64_t group, std::int64_t index, std::int64_t place,
                             std::int64_t block) const {
  const Tile tile = TileAt(index);
  const std::int64_t plane = (tile.image * problem_.groups + group) * blocks_ + block;
  const winograd::Window<const float> image{memory.images + plane * height_ * width_ * kLanes, height_, width_};
  winograd::TransformBottom(image, tile.y - above_, tile.x - left_, memory.numbers + (place * blocks_ + block) * kLanes,
                            together_ * blocks_ * kLanes);
}

void Winograd::MultiplyTiles(const Memory& memory, Range places, Range vectors, float* products) const {
  const std::int64_t step = blocks_ * kLanes;
  const float* weights = memory.weights + vectors.begin * kPoints * channels_ * kLanes;
  for (std::int64_t point = 0; point < kPoints; ++point) {
    winograd::Multiply(memory.numbers + (point * together_ + places.begin) * step, step, places.count(), channels_, weights,
                       vectors.count(), products + point * vectors.count() * kLanes);
    weights += channels_ * vectors.count() * kLanes;
  }
}

void Winograd::PutTile(const Memory& memory, std::int64_t group, std::int64_t index, Range vectors, const float* products) const {
  const Tile tile = TileAt(index);
  for (std::int64_t vector = vectors.begin; vector < vectors.end; ++vector) {
    const std::int64_t plane = (tile.image * problem_.groups + group) * vectors_ + vector;
    const std::int64_t place = (plane * problem_.top_height + tile.y) * problem_.top_width + tile.x;
    winograd::TransformTop(
        products, vectors.count() * kLanes, side_, memory.bias == nullptr ? nullptr : memory.bias + vector * kLanes, memory.slope,
        {memory.top + place * kLanes, problem_.top_height - tile.y, problem_.top_width - tile.x}, problem_.top_width);
    products += kLanes;
  }
}

// What each thread does, mostly to tiles of its own; `products` are its own.
void Winograd::RunGroup(const Memory& memory, std::int64_t group, float* products) const {
  for (std::int64_t first = 0; first < tiles_; first += together_) {
    const std::int64_t count = std::min(together_, tiles_ - first);
    const std::int64_t product_blocks = Parts(count, kTilesPerProduct);
#pragma omp for collapse(2) schedule(static)
    for (std::int64_t tile = 0; tile < count; ++tile) {
      for (std::int64_t block = 0; block < blocks_; ++block) TransformTile(memory, group, first + tile, tile, block);
    }
#pragma omp for collapse(2) schedule(static)
    for (std::int64_t block = 0; block < product_blocks; ++block) {
      for (std::int64_t vector_block = 0; vector_block < vector_blocks_; ++vector_block) {
        const Range vectors = VectorsOf(vector_block);
        const Range places{block * count / product_blocks, (block + 1) * count / product_blocks};
        MultiplyTiles(memory, places, vectors, products);
        for (std::int64_t place = places.begin; place < places.end; ++place) {
          PutTile(memory, group, first + place, vectors, products + (place - places.begin) * kPoints * vectors.count() * kLanes);
        }
      }
    }
  }
}

void Winograd::Run(const float* bottom, const float* weights, const float* bias, float slope, char* scratch, float* top) const {
  auto* const phases = reinterpret_cast<float*>(scratch);
  float* const numbers = phases + PhaseCount();
  float* const products = numbers + NumberCount();
#pragma omp parallel num_threads(static_cast <int>(threads_))
  {
    if (problem_.plain) MakePhases(bottom, phases);
    for (std::int64_t group = 0; group < problem_.groups; ++group) {
      const float* const of_group = weights + group * vectors_ * kPoints * channels_ * kLanes;
      const float* const summands = bias == nullptr ? nullptr : bias + group * vectors_ * kLanes;
      RunGroup({problem_.plain ? phases : bottom, of_group, summands, slope, numbers, top}, group,
               products + omp_get_thread_num() * kProductCount);
    }
  }
}

}  // namespace caffe_node::onednn
