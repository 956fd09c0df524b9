// What values were, in a few bytes: to find out what changed, and whether all of them are numbers.
#ifndef CAFFE_NODE_FINGERPRINT_H_
#define CAFFE_NODE_FINGERPRINT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "blob_memory.h"

namespace caffe_node {

struct Fingerprint {
  std::uint64_t hash = 0;
  bool finite = true;  // no NaN, no infinity
  bool operator==(const Fingerprint& other) const { return hash == other.hash && finite == other.finite; }
  bool operator!=(const Fingerprint& other) const { return !(*this == other); }
};

// Whether there is neither NaN nor infinity among them; several times as fast as a fingerprint.
bool IsFinite(const FloatBlob& blob);

// About as fast as memory is read; uses the threads of the job for much of it.
Fingerprint FingerprintOf(const float* values, std::size_t count);
// Of the data of a blob.
Fingerprint FingerprintOf(const FloatBlob& blob);
// Of two, in this order.
Fingerprint Together(const Fingerprint& first, const Fingerprint& second);

// Sixteen hexadecimal digits.
std::string HashText(const std::string& text);

}  // namespace caffe_node

#endif  // CAFFE_NODE_FINGERPRINT_H_
