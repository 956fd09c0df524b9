#include "fingerprint.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

namespace caffe_node {

namespace {

constexpr std::size_t kChunk = std::size_t{1} << 18;  // floats that one thread takes at a time: 1 MiB
constexpr std::size_t kLanes = 4;                     // multiplications that the processor works on at the same time
constexpr std::array<std::uint64_t, kLanes> kKeys{0x9e3779b97f4a7c15ULL, 0xbf58476d1ce4e5b9ULL, 0x94d049bb133111ebULL,
                                                  0xd6e8feb86659fd93ULL};

// Both halves of the product: a change of any bit reaches all others.
std::uint64_t Mix(std::uint64_t value, std::uint64_t key) {
  const auto product = static_cast<unsigned __int128>(value) * key;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Of the two floats of a word: an exponent of ones is NaN or infinity, and one more carries into the sign.
constexpr std::uint64_t kExponents = 0x7f8000007f800000ULL;
constexpr std::uint64_t kOneMore = 0x0080000000800000ULL;
constexpr std::uint64_t kSigns = 0x8000000080000000ULL;

class Hasher {
 public:
  void Add(const unsigned char* bytes, std::size_t size) {
    // In variables of its own, which the compiler keeps in registers.
    std::array<std::uint64_t, kLanes> lanes = lanes_;
    std::uint64_t not_finite = not_finite_;
    const auto add_block = [&lanes, &not_finite](const unsigned char* block) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        std::array<std::uint64_t, 2> words{};
        std::memcpy(words.data(), block + lane * sizeof(words), sizeof(words));
        not_finite |= ((words[0] & kExponents) + kOneMore) | ((words[1] & kExponents) + kOneMore);
        lanes[lane] = Mix(lanes[lane] ^ words[0], kKeys[lane] ^ words[1]);
      }
    };
    std::size_t place = 0;
    for (; place + kBlock <= size; place += kBlock) add_block(bytes + place);
    if (place < size) {
      std::array<unsigned char, kBlock> rest{};
      std::memcpy(rest.data(), bytes + place, size - place);
      add_block(rest.data());
    }
    lanes_ = lanes;
    not_finite_ = not_finite;
  }

  Fingerprint Result(std::size_t size) const {
    std::uint64_t hash = Mix(size + 1, kKeys[0]);
    for (std::size_t lane = 0; lane < kLanes; ++lane) hash = Mix(hash ^ lanes_[lane], kKeys[lane]);
    return {hash, (not_finite_ & kSigns) == 0};
  }

 private:
  static constexpr std::size_t kBlock = kLanes * 2 * sizeof(std::uint64_t);

  std::array<std::uint64_t, kLanes> lanes_ = kKeys;
  std::uint64_t not_finite_ = 0;
};

// Two words at a time, as every processor of today can.
using Words = std::uint64_t __attribute__((vector_size(16)));

bool AreFinite(const float* values, std::size_t count) {
  constexpr Words kExponentsOfAll{kExponents, kExponents};
  constexpr Words kOneMoreOfAll{kOneMore, kOneMore};
  constexpr std::size_t kStep = 2 * sizeof(Words) / sizeof(float);
  Words even{};
  Words odd{};
  std::size_t place = 0;
  for (; place + kStep <= count; place += kStep) {
    Words first;
    Words second;
    std::memcpy(&first, values + place, sizeof(first));
    std::memcpy(&second, values + place + kStep / 2, sizeof(second));
    even |= (first & kExponentsOfAll) + kOneMoreOfAll;
    odd |= (second & kExponentsOfAll) + kOneMoreOfAll;
  }
  const Words all = even | odd;
  return ((all[0] | all[1]) & kSigns) == 0 &&
         std::all_of(values + place, values + count, [](float value) { return std::isfinite(value); });
}

Fingerprint OfBytes(const void* bytes, std::size_t size) {
  Hasher hasher;
  hasher.Add(static_cast<const unsigned char*>(bytes), size);
  return hasher.Result(size);
}

}  // namespace

bool IsFinite(const FloatBlob& blob) {
  if (blob.count() == 0) return true;
  const float* const values = blob.cpu_data();
  const auto count = static_cast<std::size_t>(blob.count());
  const std::size_t chunks = (count + kChunk - 1) / kChunk;
  int not_finite = 0;
#pragma omp parallel for reduction(+ : not_finite) if (chunks > 2)
  for (std::size_t i = 0; i < chunks; ++i) {
    if (!AreFinite(values + i * kChunk, std::min(kChunk, count - i * kChunk))) ++not_finite;
  }
  return not_finite == 0;
}

Fingerprint FingerprintOf(const float* values, std::size_t count) {
  const std::size_t chunks = (count + kChunk - 1) / kChunk;
  std::vector<Fingerprint> parts(chunks);
#pragma omp parallel for if (chunks > 2)
  for (std::size_t i = 0; i < chunks; ++i) {
    parts[i] = OfBytes(values + i * kChunk, std::min(kChunk, count - i * kChunk) * sizeof(float));
  }
  Fingerprint whole;
  for (const Fingerprint& part : parts) whole = Together(whole, part);
  return whole;
}

Fingerprint FingerprintOf(const FloatBlob& blob) {
  if (blob.count() == 0) return {};
  return FingerprintOf(blob.cpu_data(), static_cast<std::size_t>(blob.count()));
}

Fingerprint Together(const Fingerprint& first, const Fingerprint& second) {
  return {Mix(first.hash ^ kKeys[1], kKeys[2]) + second.hash, first.finite && second.finite};
}

std::string HashText(const std::string& text) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(OfBytes(text.data(), text.size()).hash));
  return digits.data();
}

}  // namespace caffe_node
