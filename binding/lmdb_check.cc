#include "lmdb_check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "failure_exception.h"

namespace caffe_node {

namespace {

// The format of version 1, which every LMDB 0.9 writes in the machine's own byte order (see mdb.c, MDB_page, MDB_meta, MDB_db,
// MDB_node).
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};
constexpr std::size_t kPageHeader = 16;
constexpr std::size_t kNodeHeader = 8;
constexpr std::size_t kMetaSize = 152;  // with the page header
constexpr int kMaxDepth = 32;           // LMDB's own

constexpr std::uint16_t kBranchPage = 0x01;
constexpr std::uint16_t kLeafPage = 0x02;
constexpr std::uint16_t kMetaPage = 0x08;
constexpr std::uint16_t kPageKinds = 0x6f;  // all but "dirty", which a writer may leave behind
constexpr std::uint16_t kValueOnOwnPages = 0x01;

using Bytes = std::vector<unsigned char>;

template <typename Value>
Value At(const Bytes& bytes, std::size_t offset) {
  Value value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

class File {
 public:
  // O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
  explicit File(std::string path) : path_(std::move(path)), descriptor_(open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {
    struct stat facts {};
    if (descriptor_ < 0 || fstat(descriptor_, &facts) != 0) {
      const std::string reason = std::strerror(errno);
      if (descriptor_ >= 0) close(descriptor_);
      throw Error("cannot be read: " + reason + ".");
    }
    if (!S_ISREG(facts.st_mode)) {
      close(descriptor_);
      throw Error("cannot be read: it is not a regular file.");
    }
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::uint64_t size() const { return size_; }

  // The range must lie within the file.
  void Read(std::uint64_t offset, std::size_t count, Bytes* bytes) const {
    bytes->resize(count);
    std::size_t done = 0;
    while (done < count) {
      const ssize_t got = pread(descriptor_, bytes->data() + done, count - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0)
        throw Error(got == 0 ? "became shorter while it was read."
                             : std::string("cannot be read: ") + std::strerror(errno) + ".");
      done += static_cast<std::size_t>(got);
    }
  }

  Failure Error(const std::string& what, const std::string& hint = "") const {
    FailureDetails details;
    details.file = path_;
    details.hint = hint;
    return Failure("DATASET", "'" + path_ + "' " + what, std::move(details));
  }
  Failure Foreign() const {
    return Error("is not an LMDB database.", "Make a dataset from a folder of images with createDataset.");
  }
  Failure CutShort(std::uint64_t needed) const {
    return Error("is cut short: it has " + std::to_string(size_) + " bytes of at least " + std::to_string(needed) + ".",
                 "Copy it again, or make the dataset again.");
  }
  Failure Damaged(std::uint64_t page) const {
    return Error("is damaged: page " + std::to_string(page) + " makes no sense.", "Copy it again, or make the dataset again.");
  }

 private:
  const std::string path_;
  const int descriptor_;
  std::uint64_t size_ = 0;
};

// What the newer of the two meta pages says.
struct Meta {
  std::uint32_t page_size = 0;
  std::uint64_t transaction = 0;
  std::uint16_t flags = 0;  // of the main database: sorted duplicates and the like
  std::uint16_t depth = 0;
  std::uint64_t root = kNoPage;
  std::uint64_t last_page = 0;
};

// After the page header: magic, version, address, map size, two databases of 48 bytes (free pages, ours), last page, transaction.
Meta ReadMeta(const File& file, std::uint64_t offset) {
  if (offset + kMetaSize > file.size()) throw file.size() == 0 ? file.Foreign() : file.CutShort(offset + kMetaSize);
  Bytes page;
  file.Read(offset, kMetaSize, &page);
  const bool is_meta = (At<std::uint16_t>(page, 10) & kMetaPage) != 0 && At<std::uint32_t>(page, 16) == kMagic;
  if (!is_meta) throw file.Foreign();
  if (At<std::uint32_t>(page, 20) != kVersion) {
    throw file.Error("is an LMDB of format version " + std::to_string(At<std::uint32_t>(page, 20)) +
                     "; only version 1 can be read.");
  }
  Meta meta;
  meta.page_size = At<std::uint32_t>(page, 40);
  meta.flags = At<std::uint16_t>(page, 92);
  meta.depth = At<std::uint16_t>(page, 94);
  meta.root = At<std::uint64_t>(page, 128);
  meta.last_page = At<std::uint64_t>(page, 136);
  meta.transaction = At<std::uint64_t>(page, 144);
  const bool is_power_of_two = (meta.page_size & (meta.page_size - 1)) == 0;
  if (!is_power_of_two || meta.page_size < 256 || meta.page_size > 65536) throw file.Damaged(0);
  return meta;
}

// LMDB writes its two meta pages in turn and trusts the newer one. It finds it by its number when it opens the file, and by
// whether that number is odd when it reads: both have to lead to the same page.
Meta NewerMeta(const File& file) {
  const Meta first = ReadMeta(file, 0);
  const Meta second = ReadMeta(file, first.page_size);
  if (first.page_size != second.page_size) throw file.Damaged(1);
  const std::uint64_t newer = first.transaction < second.transaction ? 1 : 0;
  const Meta& meta = newer == 0 ? first : second;
  if (meta.transaction % 2 != newer) throw file.Damaged(newer);
  return meta;
}

// Walks the tree of keys as a reader will, down to where each value lies.
class TreeCheck {
 public:
  TreeCheck(const File& file, const Meta& meta) : file_(file), meta_(meta), seen_(file.size() / meta.page_size + 1) {}

  void Run() {
    if (meta_.flags != 0) throw NoDataset();
    if (meta_.root == kNoPage) return;  // empty
    if (meta_.depth < 1 || meta_.depth > kMaxDepth) throw file_.Damaged(0);
    Visit(meta_.root, 1);
  }

 private:
  Failure NoDataset() const {
    return file_.Error("is an LMDB with tables inside, not a dataset of Caffe.",
                       "Make a dataset from a folder of images with createDataset.");
  }

  void Visit(std::uint64_t number, int level) {
    RequirePages(number, 1);
    if (seen_[number]) throw file_.Damaged(number);  // a tree has no second way to a page
    seen_[number] = true;
    Bytes page;
    file_.Read(number * meta_.page_size, meta_.page_size, &page);
    const bool is_leaf = level == meta_.depth;
    const std::vector<std::size_t> nodes = Nodes(page, number, is_leaf);
    for (const std::size_t node : nodes) {
      if (is_leaf) {
        CheckValue(page, number, node);
      } else {
        Visit(Child(page, node), level + 1);
      }
    }
  }

  // Where the nodes of a page begin.
  std::vector<std::size_t> Nodes(const Bytes& page, std::uint64_t number, bool is_leaf) const {
    const std::size_t lower = At<std::uint16_t>(page, 12);
    const std::size_t upper = At<std::uint16_t>(page, 14);
    const std::size_t count = lower < kPageHeader ? 0 : (lower - kPageHeader) / 2;
    const std::size_t kind = At<std::uint16_t>(page, 10) & kPageKinds;
    const bool is_sound = At<std::uint64_t>(page, 0) == number && kind == (is_leaf ? kLeafPage : kBranchPage) && lower <= upper &&
                          upper <= page.size() &&
                          count >= (is_leaf ? 1 : 2);  // a branch with one child trips an assertion of LMDB
    if (!is_sound) throw file_.Damaged(number);
    std::vector<std::size_t> nodes(count);
    for (std::size_t i = 0; i < count; ++i) {
      nodes[i] = At<std::uint16_t>(page, kPageHeader + 2 * i);
      const bool fits = nodes[i] >= upper && nodes[i] + kNodeHeader <= page.size() &&
                        nodes[i] + kNodeHeader + KeySize(page, nodes[i]) <= page.size();
      if (!fits) throw file_.Damaged(number);
    }
    return nodes;
  }

  static std::size_t KeySize(const Bytes& page, std::size_t node) { return At<std::uint16_t>(page, node + 6); }

  static std::uint64_t Child(const Bytes& page, std::size_t node) {
    return At<std::uint32_t>(page, node) | static_cast<std::uint64_t>(At<std::uint16_t>(page, node + 4)) << 32;
  }

  void CheckValue(const Bytes& page, std::uint64_t number, std::size_t node) const {
    const std::uint64_t size = At<std::uint32_t>(page, node);
    const std::uint16_t flags = At<std::uint16_t>(page, node + 4);
    const std::size_t value = node + kNodeHeader + KeySize(page, node);
    if ((flags & ~kValueOnOwnPages) != 0) throw NoDataset();
    if ((flags & kValueOnOwnPages) == 0) {
      if (value + size > page.size()) throw file_.Damaged(number);
      return;
    }
    if (value + sizeof(std::uint64_t) > page.size()) throw file_.Damaged(number);
    RequirePages(At<std::uint64_t>(page, value), (kPageHeader + size + meta_.page_size - 1) / meta_.page_size);
  }

  void RequirePages(std::uint64_t first, std::uint64_t count) const {
    const std::uint64_t end = first + count;
    // LMDB maps no more than up to its last page. Page numbers have 48 bits: no product overflows.
    if (first < 2 || first >> 48 != 0 || end > meta_.last_page + 1) throw file_.Damaged(first);
    if (end * meta_.page_size > file_.size()) throw file_.CutShort(end * meta_.page_size);
  }

  const File& file_;
  const Meta meta_;
  std::vector<bool> seen_;
};

}  // namespace

void CheckLmdb(const std::string& path) {
  const File file(path);
  TreeCheck(file, NewerMeta(file)).Run();
}

}  // namespace caffe_node
