#include "item_order.h"

#include <numeric>
#include <utility>

namespace caffe_node {

namespace {

constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15;  // 2^64 / φ: splitmix64's increment

// The finisher of splitmix64 (Sebastiano Vigna, public domain): neighbouring numbers get unrelated results.
std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// From the upper half of the bits: multiplying has no bias worth the name, and no division.
std::uint64_t Below(std::uint64_t limit, std::uint64_t bits) { return ((bits >> 32) * limit) >> 32; }

std::uint64_t Hash(std::uint64_t seed, std::uint64_t item, Purpose purpose) {
  const std::uint64_t of_seed = Mix(seed + kGoldenRatio);
  const std::uint64_t of_purpose = Mix(of_seed + (static_cast<std::uint64_t>(purpose) + 1) * kGoldenRatio);
  return Mix(of_purpose + (item + 1) * kGoldenRatio);
}

}  // namespace

std::uint64_t Draw(std::uint64_t seed, std::uint64_t item, Purpose purpose, std::uint64_t limit) {
  return Below(limit, Hash(seed, item, purpose));
}

std::size_t ItemOrder::PositionOf(std::uint64_t item) {
  const std::size_t index = static_cast<std::size_t>(item % count_);
  if (!shuffle_) return index;
  const std::uint64_t epoch = item / count_;
  if (permutation_.empty() || epoch != epoch_) Shuffle(epoch);
  return permutation_[index];
}

// Fisher and Yates, driven by a splitmix64 that starts from (seed, epoch).
void ItemOrder::Shuffle(std::uint64_t epoch) {
  epoch_ = epoch;
  permutation_.resize(count_);
  std::iota(permutation_.begin(), permutation_.end(), std::size_t{0});
  std::uint64_t state = Hash(seed_, epoch, Purpose::kShuffle);
  for (std::size_t last = count_ - 1; last > 0; --last) {
    state += kGoldenRatio;
    std::swap(permutation_[last], permutation_[static_cast<std::size_t>(Below(last + 1, Mix(state)))]);
  }
}

}  // namespace caffe_node
