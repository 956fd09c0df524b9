#include "wire_reader.h"

#include <cstring>
#include <vector>

namespace caffe_node {

namespace {

constexpr std::uint64_t kEndOfGroup = 4;
// As protobuf itself has it.
constexpr int kMostTagBytes = 5;
constexpr int kMostLengthBytes = 5;
constexpr int kMostNumberBytes = 10;

std::size_t Behind(std::size_t place, std::uint64_t size, std::size_t end) {
  if (size > end - place) throw MalformedMessage("A field reaches beyond its message.");
  return place + static_cast<std::size_t>(size);
}

}  // namespace

bool WireReader::InPiece(std::size_t place, std::size_t size) const {
  return place >= piece_begin_ && place - piece_begin_ <= piece_.size() && size <= piece_.size() - (place - piece_begin_);
}

void WireReader::Fetch(std::size_t place, std::size_t size) {
  if (InPiece(place, size)) return;
  if (file_ != nullptr) {
    buffer_.resize(kPiece);
    piece_ = {buffer_.data(), file_->ReadAt(place, buffer_.data(), kPiece)};
    piece_begin_ = place;
  }
  if (!InPiece(place, size)) throw MalformedMessage("The message ends early.");
}

unsigned char WireReader::ByteAt(std::size_t place) {
  Fetch(place, 1);
  return static_cast<unsigned char>(piece_[place - piece_begin_]);
}

std::uint64_t WireReader::Varint(std::size_t* place, std::size_t end, int most_bytes) {
  std::uint64_t value = 0;
  for (int byte_index = 0; byte_index < most_bytes; ++byte_index) {
    if (*place >= end) throw MalformedMessage("The message ends early.");
    const unsigned char byte = ByteAt((*place)++);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * byte_index);
    if (byte < 0x80) return value;
  }
  throw MalformedMessage("A number takes more bytes than it may.");
}

std::uint64_t WireReader::Tag(std::size_t* place, std::size_t end) {
  return static_cast<std::uint32_t>(Varint(place, end, kMostTagBytes));
}

WireField WireReader::FieldAt(std::size_t place, std::size_t end) {
  WireField field;
  field.begin = place;
  const std::uint64_t tag = Tag(&place, end);
  field.number = tag >> 3;
  field.type = static_cast<WireType>(tag & 7);
  field.value = place;
  switch (field.type) {
    case WireType::kVarint:
      Varint(&place, end, kMostNumberBytes);
      field.end = place;
      return field;
    case WireType::kFixed64:
      field.end = Behind(place, sizeof(std::uint64_t), end);
      return field;
    case WireType::kLengthDelimited: {
      const std::uint64_t size = Varint(&place, end, kMostLengthBytes);
      field.value = place;
      field.end = Behind(place, size, end);
      return field;
    }
    case WireType::kGroup:
      field.end = EndOfGroup(field.number, place, end);
      return field;
    case WireType::kFixed32:
      field.end = Behind(place, sizeof(std::uint32_t), end);
      return field;
  }
  throw MalformedMessage("A field is of no type.");
}

// Without recursion: whoever wrote the bytes chose the depth.
std::size_t WireReader::EndOfGroup(std::uint64_t number, std::size_t place, std::size_t end) {
  std::vector<std::uint64_t> open{number};
  while (!open.empty()) {
    const std::size_t begin = place;
    const std::uint64_t tag = Tag(&place, end);
    const std::uint64_t type = tag & 7;
    if (type == kEndOfGroup) {
      if (tag >> 3 != open.back()) throw MalformedMessage("A group ends that had not begun.");
      open.pop_back();
    } else if (type == static_cast<std::uint64_t>(WireType::kGroup)) {
      open.push_back(tag >> 3);
    } else {
      place = FieldAt(begin, end).end;
    }
  }
  return place;
}

void WireReader::Copy(std::size_t place, std::size_t size, void* to) {
  if (size > kPiece && file_ != nullptr) {
    if (file_->ReadAt(place, static_cast<char*>(to), size) < size) throw MalformedMessage("The message ends early.");
    return;
  }
  Fetch(place, size);
  if (size > 0) std::memcpy(to, piece_.data() + (place - piece_begin_), size);
}

std::string WireReader::Text(std::size_t begin, std::size_t end) {
  std::string text(end - begin, '\0');
  Copy(begin, text.size(), text.data());
  return text;
}

}  // namespace caffe_node
