// Which image a Data layer delivers as its k-th, and what chance decides about it. Everything is a function of (seed, k): a
// restored training goes on bit for bit when the layer is told its k, and no generator has a state to be saved.
#ifndef CAFFE_NODE_LAYERS_ITEM_ORDER_H_
#define CAFFE_NODE_LAYERS_ITEM_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace caffe_node {

// What a draw is for: draws for different purposes are unrelated.
enum class Purpose : std::uint64_t { kShuffle, kTop, kLeft, kMirror, kSkip };

// A number from 0 to limit - 1, with 1 ≤ limit < 2^32.
std::uint64_t Draw(std::uint64_t seed, std::uint64_t item, Purpose purpose, std::uint64_t limit);

// For one thread.
class ItemOrder {
 public:
  // `count`: the images of an epoch, at least one.
  ItemOrder(std::size_t count, bool shuffle, std::uint64_t seed) : count_(count), shuffle_(shuffle), seed_(seed) {}

  // The position in the database of the k-th item, from 0: the epochs follow each other without a seam, and each that is shuffled
  // has an order of its own.
  std::size_t PositionOf(std::uint64_t item);

 private:
  void Shuffle(std::uint64_t epoch);

  const std::size_t count_;
  const bool shuffle_;
  const std::uint64_t seed_;
  // The permutation of the epoch that was asked for last; empty before the first.
  std::uint64_t epoch_ = 0;
  std::vector<std::size_t> permutation_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_ITEM_ORDER_H_
