// Protobuf's binary form, field by field: for messages of which most is to be skipped, or to go where protobuf would not put it.
// Bytes in memory, or a file of which never more than a piece is in memory.
#ifndef CAFFE_NODE_WIRE_READER_H_
#define CAFFE_NODE_WIRE_READER_H_

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "read_file.h"

namespace caffe_node {

// These bytes are no message, or not all of one.
class MalformedMessage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

enum class WireType { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kGroup = 3, kFixed32 = 5 };

// Places count from the first byte of the message.
struct WireField {
  std::uint64_t number = 0;
  WireType type = WireType::kVarint;
  std::size_t begin = 0;  // of its tag
  std::size_t value = 0;  // of what it holds: behind the tag, and behind the length where there is one
  std::size_t end = 0;
};

class WireReader {
 public:
  // What it reads outlives it.
  explicit WireReader(const InputFile& file) : file_(&file), size_(file.size()) {}
  explicit WireReader(std::string_view bytes) : size_(bytes.size()), piece_(bytes) {}

  std::size_t size() const { return size_; }
  // The field at the place, in a message that ends at `end`. Throws MalformedMessage.
  WireField FieldAt(std::size_t place, std::size_t end);
  // Throws MalformedMessage where there are fewer bytes. Much goes from the file to its place, without a copy between.
  void Copy(std::size_t place, std::size_t size, void* to);
  std::string Text(std::size_t begin, std::size_t end);

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 16;

  bool InPiece(std::size_t place, std::size_t size) const;
  // Has these bytes in the piece; they are no more than a piece where there is a file.
  void Fetch(std::size_t place, std::size_t size);
  unsigned char ByteAt(std::size_t place);
  std::uint64_t Varint(std::size_t* place, std::size_t end, int most_bytes);
  std::uint64_t Tag(std::size_t* place, std::size_t end);
  // Where the group ends whose fields begin at the place.
  std::size_t EndOfGroup(std::uint64_t number, std::size_t place, std::size_t end);

  const InputFile* const file_ = nullptr;
  const std::size_t size_;
  // What is in memory: all of it where there is no file.
  std::size_t piece_begin_ = 0;
  std::string_view piece_;
  std::string buffer_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_WIRE_READER_H_
