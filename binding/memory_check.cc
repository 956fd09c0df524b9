#include "memory_check.h"

#include <malloc.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <sstream>

namespace caffe_node {

namespace {

constexpr std::int64_t kUnknown = std::numeric_limits<std::int64_t>::max();
// What is worth a look at the system's figures.
constexpr std::int64_t kGreat = std::int64_t{64} << 20;

// The number after `key` in a file of lines such as "MemAvailable:  123 kB"; kUnknown without one.
std::int64_t ReadField(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  std::string word;
  std::int64_t value = 0;
  while (file >> word) {
    if (word == key && file >> value) return value;
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return kUnknown;
}

// The number that a file holds; kUnknown for "max", and without the file.
std::int64_t ReadNumber(const std::string& path) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value ? value : kUnknown;
}

std::int64_t Left(std::int64_t limit, std::int64_t used) {
  if (limit == kUnknown || used == kUnknown) return kUnknown;
  return std::max<std::int64_t>(0, limit - used);
}

std::int64_t MachineLeaves() {
  const std::int64_t memory = ReadField("/proc/meminfo", "MemAvailable:");
  if (memory == kUnknown) return kUnknown;
  const std::int64_t swap = ReadField("/proc/meminfo", "SwapFree:");
  return (memory + (swap == kUnknown ? 0 : swap)) * 1024;
}

// How the two versions of control groups name the same things.
struct GroupFiles {
  const char* mount;
  const char* limit;
  const char* used;
  const char* cached;
};
constexpr GroupFiles kVersion1{"/sys/fs/cgroup/memory", "/memory.limit_in_bytes", "/memory.usage_in_bytes",
                               "total_inactive_file"};
constexpr GroupFiles kVersion2{"/sys/fs/cgroup", "/memory.max", "/memory.current", "inactive_file"};

// A limit holds for all groups below it. Inside a container the path may be the host's: then only the root is there.
std::int64_t GroupLeaves(const GroupFiles& files, std::string path) {
  std::int64_t left = kUnknown;
  for (;;) {
    const std::string folder = files.mount + path;
    const std::int64_t limit = ReadNumber(folder + files.limit);
    if (limit != kUnknown) {
      // Pages of files that nobody uses count as used until somebody wants them.
      const std::int64_t cached = ReadField(folder + "/memory.stat", files.cached);
      const std::int64_t used = ReadNumber(folder + files.used);
      left = std::min(left, Left(limit, used == kUnknown ? kUnknown : used - (cached == kUnknown ? 0 : cached)));
    }
    if (path.empty()) return left;
    path.resize(path.rfind('/'));
  }
}

std::int64_t GroupsLeave() {
  std::int64_t left = kUnknown;
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    // hierarchy:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    std::string path = line.substr(second + 1);
    if (path.empty() || path[0] != '/' || path == "/") path.clear();
    if (controllers == "memory") left = std::min(left, GroupLeaves(kVersion1, path));
    if (controllers.empty()) left = std::min(left, GroupLeaves(kVersion2, path));
  }
  return left;
}

std::int64_t LimitLeaves(decltype(RLIMIT_AS) resource, const char* used_field) {
  struct rlimit limit = {};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnknown;
  const std::int64_t used = ReadField("/proc/self/status", used_field);
  return Left(static_cast<std::int64_t>(limit.rlim_cur), used == kUnknown ? kUnknown : used * 1024);
}

// Whether Caffe may have this memory; counted per thread, so that many middling allocations are seen as well as a great one.
bool MayAllocate(std::size_t size) {
  constexpr std::size_t kSmall = std::size_t{1} << 20;
  static thread_local std::int64_t unseen = 0;
  if (size < kSmall) return true;
  if (size > static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())) return false;
  unseen += static_cast<std::int64_t>(size);
  if (unseen < kGreat) return true;
  unseen = 0;
  return static_cast<std::int64_t>(size) <= AvailableMemory();
}

}  // namespace

std::int64_t AvailableMemory() {
  return std::min({MachineLeaves(), GroupsLeave(), LimitLeaves(RLIMIT_AS, "VmSize:"), LimitLeaves(RLIMIT_DATA, "VmData:")});
}

void ReturnFreedMemory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

std::string ByteText(std::int64_t bytes) {
  char text[32];
  const bool great = bytes >= 1000000000;
  std::snprintf(text, sizeof text, "%.1f %s", static_cast<double>(bytes) / (great ? 1e9 : 1e6), great ? "GB" : "MB");
  return text;
}

Failure NotEnoughMemory(const std::string& needs, std::int64_t available) {
  FailureDetails details;
  details.hint = "Use a smaller batch or smaller shapes, or give the process more memory.";
  return Failure("SHAPE", needs + "; " + ByteText(available) + " of memory are available.", std::move(details));
}

void MemoryBudget::Spend(std::int64_t bytes) {
  spent_ += bytes;
  if (spent_ < kGreat) return;
  if (available_ < 0) available_ = AvailableMemory();
  if (spent_ > available_) throw NotEnoughMemory(what_ + " needs at least " + ByteText(spent_), available_);
}

}  // namespace caffe_node

// The addon is linked with --wrap=malloc: what is linked into it, Caffe above all, asks here. A refusal fails the CHECK that
// follows in Caffe. The real one is weak for programs that use this file without the option.
//
// Great memory begins where a line of the processor's cache does: vectors across two of them take a third longer. Only what glibc
// maps in any case (M_MMAP_THRESHOLD at its most): of less it would not use again what was freed, and take new memory each time.
extern "C" {
__attribute__((weak)) void* __real_malloc(std::size_t size);
void* __wrap_malloc(std::size_t size) {
  if (!caffe_node::MayAllocate(size)) return nullptr;
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kMapped = std::size_t{32} << 20;
  return size <= kMapped ? __real_malloc(size) : std::aligned_alloc(kLine, (size + kLine - 1) / kLine * kLine);
}
}
