#include "hdf5_reader.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "failure_exception.h"
#include "hdf5_format.h"

namespace caffe_node {

namespace {

using hdf5::Bytes;
using hdf5::Message;
using hdf5::MessageType;
using hdf5::ThrowDamaged;
using hdf5::ThrowForeign;

constexpr std::size_t kMostAxes = 32;  // Caffe's kMaxBlobAxes, and HDF5's own limit

const Message* FindMessage(const std::vector<Message>& messages, MessageType type) {
  for (const Message& message : messages) {
    if (message.type == type) return &message;
  }
  return nullptr;
}

const Bytes& RequireMessage(const std::vector<Message>& messages, MessageType type, const char* what) {
  const Message* const message = FindMessage(messages, type);
  if (message == nullptr) ThrowDamaged(std::string("a dataset has no ") + what);
  return message->body;
}

// Walks the B-tree of a group. A sound tree has each of its nodes once: a walk that reads more than the file holds goes in
// circles.
class GroupWalk {
 public:
  explicit GroupWalk(const Bytes& file) : file_(file), budget_(file.size()) {}

  std::vector<Hdf5Member> Run(const Bytes& symbol_table) {
    const std::uint64_t heap = symbol_table.Number(8, 8);
    if (!file_.Has(heap, "HEAP")) ThrowDamaged("a group has no names");
    const Bytes names = file_.Range(file_.Number(heap + 24, 8), file_.Number(heap + 8, 8));
    WalkTree(symbol_table.Number(0, 8), kAnyLevel, names);
    return std::move(members_);
  }

 private:
  static constexpr int kAnyLevel = 256;  // one above the largest that a byte can say

  void Spend(std::size_t bytes) {
    if (bytes > budget_) ThrowDamaged("a group contains itself");
    budget_ -= bytes;
  }

  void WalkTree(std::uint64_t address, int level_above, const Bytes& names) {
    constexpr std::size_t kNodePrefix = 24;
    constexpr std::size_t kEntry = 16;  // a key and a child
    if (!file_.Has(address, "TREE") || file_.Byte(address + 4) != 0) ThrowDamaged("a group has no tree");
    const int level = file_.Byte(address + 5);
    const std::size_t count = file_.Number(address + 6, 2);
    if (level >= level_above) ThrowDamaged("the levels of a tree do not fall");
    Spend(kNodePrefix + kEntry * count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t child = file_.Number(address + kNodePrefix + kEntry * i + 8, 8);
      if (level == 0) {
        ReadSymbols(child, names);
      } else {
        WalkTree(child, level, names);
      }
    }
  }

  void ReadSymbols(std::uint64_t address, const Bytes& names) {
    constexpr std::size_t kPrefix = 8;
    constexpr std::size_t kSymbol = 40;
    constexpr std::uint64_t kSoftLink = 2;
    if (!file_.Has(address, "SNOD")) ThrowDamaged("a tree has no leaves");
    const std::size_t count = file_.Number(address + 6, 2);
    Spend(kPrefix + kSymbol * count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t symbol = address + kPrefix + kSymbol * i;
      if (file_.Number(symbol + 16, 4) == kSoftLink) ThrowForeign("it has links by name");
      std::string name = names.Text(file_.Number(symbol, 8));
      Spend(name.size());
      members_.push_back({std::move(name), file_.Number(symbol + 8, 8)});
    }
  }

  const Bytes& file_;
  std::size_t budget_;
  std::vector<Hdf5Member> members_;
};

void ReadShape(const Bytes& space, Hdf5Dataset* dataset) {
  const int version = space.Byte(0);
  if (version != 1 && version != 2) ThrowDamaged("the shape of a dataset makes no sense");
  const std::size_t axes = space.Byte(1);
  if (version == 2 && space.Byte(3) > 1) ThrowForeign("it has a dataset without values");
  if (axes > kMostAxes) ThrowDamaged("a dataset has " + std::to_string(axes) + " axes");
  const std::size_t first = version == 1 ? 8 : 4;
  std::uint64_t count = 1;
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const std::uint64_t extent = space.Number(first + 8 * axis, 8);
    constexpr std::uint64_t kMost = std::numeric_limits<int>::max();
    if (extent > kMost || (count *= extent) > kMost) ThrowDamaged("a dataset has 2^31 values or more");
    dataset->shape.push_back(static_cast<int>(extent));
  }
  dataset->count = static_cast<std::size_t>(count);
}

void ReadType(const Bytes& type, Hdf5Dataset* dataset) {
  constexpr int kFixedPoint = 0;
  constexpr int kFloatingPoint = 1;
  constexpr int kText = 3;
  const std::uint32_t bits = static_cast<std::uint32_t>(type.Number(1, 3));
  const std::uint64_t size = type.Number(4, 4);
  dataset->element_size = static_cast<std::size_t>(size);
  dataset->big_endian = (bits & 1) != 0;
  dataset->is_signed = (bits & 8) != 0;
  switch (type.Byte(0) & 0x0f) {
    case kFixedPoint:
      dataset->kind = Hdf5Dataset::Kind::kInteger;
      if (size != 1 && size != 2 && size != 4 && size != 8) ThrowForeign("it has integers of " + std::to_string(size) + " bytes");
      return;
    case kFloatingPoint:
      dataset->kind = Hdf5Dataset::Kind::kFloat;
      if ((size != 4 && size != 8) || (bits & 0x40) != 0) ThrowForeign("it has floating-point numbers of an unusual form");
      return;
    case kText:
      dataset->kind = Hdf5Dataset::Kind::kString;
      dataset->big_endian = false;
      if (size == 0) ThrowDamaged("a text has no room");
      return;
    default:
      ThrowForeign("it has values that are neither numbers nor texts of a fixed length");
  }
}

std::string_view FindValues(const Bytes& file, const Bytes& layout, std::uint64_t size) {
  constexpr int kCompact = 0;
  constexpr int kContiguous = 1;
  if (layout.Byte(0) != 3) ThrowForeign("it has a dataset in a form older or newer than usual");
  if (size == 0) return {};
  switch (layout.Byte(1)) {
    case kCompact:
      if (layout.Number(2, 2) < size) ThrowDamaged("a dataset has too few values");
      return layout.Part(4, size);
    case kContiguous:
      if (layout.Number(2, 8) == hdf5::kNowhere) ThrowDamaged("a dataset was never written");
      if (layout.Number(10, 8) < size) ThrowDamaged("a dataset has too few values");
      return file.Part(layout.Number(2, 8), size);
    default:
      ThrowForeign("it has a dataset in pieces (chunks)");
  }
}

// One number, whose bytes are brought into the machine's order.
std::uint64_t BitsOf(const Hdf5Dataset& dataset, std::size_t index) {
  const std::string_view bytes = dataset.values.substr(index * dataset.element_size, dataset.element_size);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t at = dataset.big_endian ? i : bytes.size() - 1 - i;
    bits = bits << 8 | static_cast<std::uint8_t>(bytes[at]);
  }
  return bits;
}

std::int64_t SignedOf(const Hdf5Dataset& dataset, std::size_t index) {
  const std::uint64_t bits = BitsOf(dataset, index);
  const std::uint64_t sign = std::uint64_t{1} << (8 * dataset.element_size - 1);
  return static_cast<std::int64_t>((bits ^ sign) - sign);
}

template <typename Real, typename Bits>
Real RealOf(std::uint64_t bits) {
  const Bits narrow = static_cast<Bits>(bits);
  Real value;
  std::memcpy(&value, &narrow, sizeof value);
  return value;
}

// As a conversion in hardware does it, and without asking the compiler for one that the language leaves undefined.
float Narrow(double value) {
  if (std::isnan(value)) return std::numeric_limits<float>::quiet_NaN();
  if (std::abs(value) > std::numeric_limits<float>::max()) {
    return std::copysign(std::numeric_limits<float>::infinity(), static_cast<float>(value < 0 ? -1 : 1));
  }
  return static_cast<float>(value);
}

float FloatOf(const Hdf5Dataset& dataset, std::size_t index) {
  if (dataset.kind == Hdf5Dataset::Kind::kInteger) {
    return dataset.is_signed ? static_cast<float>(SignedOf(dataset, index)) : static_cast<float>(BitsOf(dataset, index));
  }
  const std::uint64_t bits = BitsOf(dataset, index);
  return dataset.element_size == 4 ? RealOf<float, std::uint32_t>(bits) : Narrow(RealOf<double, std::uint64_t>(bits));
}

}  // namespace

std::vector<float> Hdf5Dataset::Floats() const {
  if (kind == Kind::kString) ThrowForeign("it has a text where numbers belong");
  std::vector<float> floats(count);
  const std::uint16_t probe = 1;
  const bool machine_is_little = reinterpret_cast<const unsigned char&>(probe) == 1;
  if (kind == Kind::kFloat && element_size == sizeof(float) && big_endian != machine_is_little) {
    if (count > 0) std::memcpy(floats.data(), values.data(), values.size());
  } else {
    for (std::size_t i = 0; i < count; ++i) floats[i] = FloatOf(*this, i);
  }
  return floats;
}

int Hdf5Dataset::Integer() const {
  if (kind != Kind::kInteger || count != 1) ThrowForeign("it has something else where one integer belongs");
  constexpr int kMost = std::numeric_limits<int>::max();
  const bool fits = is_signed ? SignedOf(*this, 0) >= std::numeric_limits<int>::min() && SignedOf(*this, 0) <= kMost
                              : BitsOf(*this, 0) <= static_cast<std::uint64_t>(kMost);
  if (!fits) ThrowDamaged("an integer is too large");
  return static_cast<int>(SignedOf(*this, 0));
}

std::string Hdf5Dataset::Text() const {
  if (kind != Kind::kString || count != 1) ThrowForeign("it has something else where a text belongs");
  return std::string(values.substr(0, values.find('\0')));
}

Hdf5Reader::Hdf5Reader(std::string_view contents) : file_(contents) {
  const Bytes file(contents);
  if (!file.Has(0, hdf5::kSignature)) ThrowDamaged("it does not begin as an HDF5 file");
  const int version = file.Byte(8);
  if (version == 2 || version == 3) ThrowForeign("it is written in the newer form (libver='latest')");
  if (version > 1 || file.Byte(13) != 8 || file.Byte(14) != 8) ThrowDamaged("its first bytes make no sense");
  const std::size_t addresses = version == 0 ? 24 : 28;
  if (file.Number(addresses, 8) != 0) ThrowForeign("it begins somewhere inside another file");
  // Where it ought to end: a file that is shorter was cut, even when what is missing is only values.
  if (file.Number(addresses + 16, 8) > file.size()) ThrowDamaged("its end is missing");
  root_ = file.Number(addresses + 32 + 8, 8);
}

std::vector<Hdf5Member> Hdf5Reader::Members(Hdf5Address group) const {
  const Bytes file(file_);
  const std::vector<Message> messages = hdf5::ReadHeader(file, group);
  const Message* const table = FindMessage(messages, MessageType::kSymbolTable);
  if (table != nullptr) return GroupWalk(file).Run(table->body);
  if (FindMessage(messages, MessageType::kLinkInfo) != nullptr || FindMessage(messages, MessageType::kLink) != nullptr) {
    ThrowForeign("it has groups of the newer form");
  }
  ThrowDamaged("something that is no group stands where a group belongs");
}

std::optional<Hdf5Address> Hdf5Reader::Find(Hdf5Address group, const std::string& name) const {
  for (const Hdf5Member& member : Members(group)) {
    if (member.name == name) return member.address;
  }
  return std::nullopt;
}

Hdf5Address Hdf5Reader::Require(Hdf5Address group, const std::string& name) const {
  const std::optional<Hdf5Address> address = Find(group, name);
  if (!address) {
    FailureDetails details;
    details.hint = "Was it written by Caffe?";
    throw Failure("WEIGHTS", "it has no '" + name + "'.", std::move(details));
  }
  return *address;
}

Hdf5Dataset Hdf5Reader::Dataset(Hdf5Address address) const {
  const Bytes file(file_);
  const std::vector<Message> messages = hdf5::ReadHeader(file, address);
  if (FindMessage(messages, MessageType::kFilters) != nullptr) ThrowForeign("it has a compressed dataset");
  if (FindMessage(messages, MessageType::kExternalFiles) != nullptr)
    ThrowForeign("it has a dataset whose values lie in another file");
  Hdf5Dataset dataset;
  ReadShape(RequireMessage(messages, MessageType::kDataspace, "shape"), &dataset);
  ReadType(RequireMessage(messages, MessageType::kDatatype, "type"), &dataset);
  const std::uint64_t size = std::uint64_t{dataset.count} * dataset.element_size;  // below 2^63
  dataset.values = FindValues(file, RequireMessage(messages, MessageType::kLayout, "layout"), size);
  return dataset;
}

}  // namespace caffe_node
