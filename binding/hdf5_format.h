// The HDF5 file format, version 0 of its superblock and version 1 of its headers, as far as hdf5_reader.cc follows it. See "HDF5
// File Format Specification Version 2.0" of the HDF Group; all numbers are little-endian.
#ifndef CAFFE_NODE_HDF5_FORMAT_H_
#define CAFFE_NODE_HDF5_FORMAT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "failure_exception.h"

namespace caffe_node::hdf5 {

constexpr std::string_view kSignature = "\211HDF\r\n\032\n";
constexpr std::uint64_t kNowhere = ~std::uint64_t{0};

// A range of bytes that every access is checked against.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  std::size_t size() const { return bytes_.size(); }
  // Throws when the part does not lie within.
  std::string_view Part(std::uint64_t offset, std::uint64_t count) const;
  Bytes Range(std::uint64_t offset, std::uint64_t count) const { return Bytes(Part(offset, count)); }
  std::uint64_t Number(std::uint64_t offset, std::size_t width) const;
  std::uint8_t Byte(std::uint64_t offset) const { return static_cast<std::uint8_t>(Number(offset, 1)); }
  bool Has(std::uint64_t offset, std::string_view signature) const { return Part(offset, signature.size()) == signature; }
  // From the offset to the next NUL, which must lie within.
  std::string Text(std::uint64_t offset) const;

 private:
  std::string_view bytes_;
};

enum class MessageType : std::uint16_t {
  kDataspace = 0x0001,
  kLinkInfo = 0x0002,
  kDatatype = 0x0003,
  kLink = 0x0006,
  kExternalFiles = 0x0007,
  kLayout = 0x0008,
  kFilters = 0x000b,
  kContinuation = 0x0010,
  kSymbolTable = 0x0011,
};

struct Message {
  MessageType type;
  Bytes body;
};

// The messages of an object's header, its continuations included.
std::vector<Message> ReadHeader(const Bytes& file, std::uint64_t address);

[[noreturn]] void ThrowDamaged(const std::string& what);
// For a file that may be sound, but uses a part of the format that is not read here.
class ForeignForm final : public Failure {
 public:
  using Failure::Failure;
};
[[noreturn]] void ThrowForeign(const std::string& what);

}  // namespace caffe_node::hdf5

#endif  // CAFFE_NODE_HDF5_FORMAT_H_
