// Convolutions of images by Winograd's algorithm, in float32, on processors with wide vectors.
//
// Over six points: 6 × 6 values of a channel, and a kernel of r × r taps, become 36 numbers each; their products, summed over the
// channels, become (7 − r) × (7 − r) values of the top. For a kernel of 3 these are 36 products instead of 144, for one of 5
// instead of 100. A kernel with a stride becomes one without: the values that it meets with one and the same tap are a channel of
// their own, so that a kernel of 7 and a stride of 2 are a kernel of 4 over four times as many channels.
//
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), have the algorithm and the numbers for r = 3.
#ifndef CAFFE_NODE_ONEDNN_WINOGRAD_H_
#define CAFFE_NODE_ONEDNN_WINOGRAD_H_

#include <cstdint>

namespace caffe_node::onednn {

struct WinogradProblem {
  std::int64_t images;
  std::int64_t groups;
  std::int64_t channels;  // of a group, as are the outputs
  std::int64_t outputs;
  std::int64_t height;  // of the bottom
  std::int64_t width;
  std::int64_t top_height;
  std::int64_t top_width;
  std::int64_t kernel;  // along both axes, as the stride
  std::int64_t stride;
  std::int64_t padding_above;
  std::int64_t padding_left;
  bool plain;  // whether the bottom lies in Caffe's order; otherwise its channels lie in blocks of 16 (nChw16c)
};

class Winograd {
 public:
  // Whether it can be computed so.
  static bool Suits(const WinogradProblem& problem);

  // To be run by so many threads.
  Winograd(const WinogradProblem& problem, int threads);

  // What the weights become, from Caffe's order.
  std::int64_t WeightBytes() const;
  void TakeWeights(const float* weights, float* result) const;
  // A value for each output, and zeros up to whole vectors.
  std::int64_t BiasBytes() const;

  std::int64_t ScratchBytes() const;
  // The channels of the top lie in blocks of 16. Values below zero are multiplied by `slope`. `bias` may be null. Weights, bias
  // and scratch memory are aligned for vectors.
  void Run(const float* bottom, const float* weights, const float* bias, float slope, char* scratch, float* top) const;

 private:
  // What a run works on.
  struct Memory {
    const float* images;   // in blocks
    const float* weights;  // of the group, as are the following
    const float* bias;
    float slope;
    float* numbers;  // of the bottom: by point, tile, channel
    float* top;
  };
  // By where its values of the top begin.
  struct Tile {
    std::int64_t image;
    std::int64_t y;
    std::int64_t x;
  };
  struct Range {
    std::int64_t begin;
    std::int64_t end;
    std::int64_t count() const { return end - begin; }
  };
  // The taps along both axes that meet one and the same phase of a bottom's channel.
  struct Phase {
    std::int64_t channel;  // of the bottom
    std::int64_t y;
    std::int64_t x;
  };

  Tile TileAt(std::int64_t index) const;
  Phase PhaseAt(std::int64_t channel) const;
  Range VectorsOf(std::int64_t block) const;
  std::int64_t PhaseCount() const;
  std::int64_t NumberCount() const;
  void TakePhase(const float* weights, const Phase& phase, std::int64_t outputs, float* taps) const;
  void MakePhases(const float* bottom, float* phases) const;
  void MakePhaseRow(const float* plane, const Phase& phase, std::int64_t y, float* row) const;
  void RunGroup(const Memory& memory, std::int64_t group, float* products) const;
  void TransformTile(const Memory& memory, std::int64_t group, std::int64_t index, std::int64_t place, std::int64_t block) const;
  void MultiplyTiles(const Memory& memory, Range places, Range vectors, float* products) const;
  void PutTile(const Memory& memory, std::int64_t group, std::int64_t index, Range vectors, const float* products) const;

  const WinogradProblem problem_;
  const std::int64_t threads_;
  // Without a stride: taps along an axis, channels of a group and blocks of them, images' extents and padding.
  const std::int64_t taps_;
  const std::int64_t channels_;
  const std::int64_t blocks_;
  const std::int64_t height_;
  const std::int64_t width_;
  const std::int64_t above_;
  const std::int64_t left_;
  const std::int64_t side_;  // of a tile in the top
  const std::int64_t rows_;  // of tiles
  const std::int64_t columns_;
  const std::int64_t tiles_;
  const std::int64_t together_;  // tiles whose numbers are there at the same time
  const std::int64_t vectors_;   // of 16 outputs of a group
  const std::int64_t vector_blocks_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_WINOGRAD_H_
