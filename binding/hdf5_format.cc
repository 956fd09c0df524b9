#include "hdf5_format.h"

#include <utility>

#include "failure_exception.h"

namespace caffe_node::hdf5 {

namespace {

constexpr std::size_t kHeaderPrefix = 16;
constexpr std::size_t kMessagePrefix = 8;
constexpr std::uint8_t kSharedMessage = 0x02;

}  // namespace

void ThrowDamaged(const std::string& what) {
  FailureDetails details;
  details.hint = "Copy it again, or save it again.";
  throw Failure("WEIGHTS", "the file is damaged or cut short: " + what + ".", std::move(details));
}

void ThrowForeign(const std::string& what) {
  FailureDetails details;
  details.hint =
      "`h5repack --low=0 --high=0 --layout=CONTI --filter=NONE old.h5 new.h5` writes a file in the form that Caffe uses.";
  throw ForeignForm("WEIGHTS", what + ", which Caffe's own files do not have.", std::move(details));
}

std::string_view Bytes::Part(std::uint64_t offset, std::uint64_t count) const {
  if (offset > bytes_.size() || count > bytes_.size() - offset) {
    ThrowDamaged("it refers to " + std::to_string(count) + " bytes at " + std::to_string(offset) + " of " +
                 std::to_string(bytes_.size()));
  }
  return bytes_.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(count));
}

std::uint64_t Bytes::Number(std::uint64_t offset, std::size_t width) const {
  const std::string_view part = Part(offset, width);
  std::uint64_t number = 0;
  for (std::size_t i = width; i-- > 0;) number = number << 8 | static_cast<std::uint8_t>(part[i]);
  return number;
}

std::string Bytes::Text(std::uint64_t offset) const {
  const std::string_view rest = Part(offset, offset > size() ? 0 : size() - offset);
  const std::size_t end = rest.find('\0');
  if (end == std::string_view::npos) ThrowDamaged("a name has no end");
  return std::string(rest.substr(0, end));
}

std::vector<Message> ReadHeader(const Bytes& file, std::uint64_t address) {
  if (file.Byte(address) != 1) {
    if (file.Has(address, "OHDR")) ThrowForeign("it has objects of the newer form");
    ThrowDamaged("there is no object at " + std::to_string(address));
  }
  const std::size_t count = file.Number(address + 2, 2);
  std::vector<Bytes> blocks = {file.Range(address + kHeaderPrefix, file.Number(address + 8, 4))};
  std::vector<Message> messages;
  for (std::size_t block = 0; block < blocks.size(); ++block) {
    std::size_t at = 0;
    // At most `count` messages in all, which also ends a chain of continuations that bites its tail.
    while (messages.size() < count && at + kMessagePrefix <= blocks[block].size()) {
      const auto type = static_cast<MessageType>(blocks[block].Number(at, 2));
      const std::size_t size = blocks[block].Number(at + 2, 2);
      const bool is_shared = (blocks[block].Byte(at + 4) & kSharedMessage) != 0;
      const Bytes body = blocks[block].Range(at + kMessagePrefix, size);
      if (is_shared && (type == MessageType::kDataspace || type == MessageType::kDatatype))
        ThrowForeign("it has types with names");
      messages.push_back({type, body});
      if (type == MessageType::kContinuation) blocks.push_back(file.Range(body.Number(0, 8), body.Number(8, 8)));
      at += kMessagePrefix + size;
    }
  }
  return messages;
}

}  // namespace caffe_node::hdf5
