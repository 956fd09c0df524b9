#include "processors.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <set>
#include <sstream>
#include <string>

namespace caffe_node {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> FirstLine(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) return std::nullopt;
  return line;
}

// A container may hide what the kernel knows of its processors: each is a core of its own then.
int CountCores(const std::vector<int>& processors, const fs::path& root) {
  std::set<std::string> cores;
  for (const int processor : processors) {
    const std::string name = "cpu" + std::to_string(processor);
    const auto siblings = FirstLine(root / "sys/devices/system/cpu" / name / "topology/thread_siblings_list");
    cores.insert(siblings.value_or(name));
  }
  return static_cast<int>(cores.size());
}

// Processors, of a quota and its period in microseconds; none for "max", -1, or what is no number.
std::optional<int> Share(const std::string& quota, const std::string& period) {
  const double time = std::strtod(quota.c_str(), nullptr);
  const double whole = std::strtod(period.c_str(), nullptr);
  if (!(time > 0) || !(whole > 0)) return std::nullopt;
  return static_cast<int>(std::min(std::ceil(time / whole), 1e6));
}

// cgroup v2: "max 100000" or "50000 100000".
std::optional<int> QuotaOfV2(const fs::path& group) {
  std::istringstream line(FirstLine(group / "cpu.max").value_or(""));
  std::string quota;
  std::string period;
  line >> quota >> period;
  return Share(quota, period);
}

std::optional<int> QuotaOfV1(const fs::path& group) {
  return Share(FirstLine(group / "cpu.cfs_quota_us").value_or(""), FirstLine(group / "cpu.cfs_period_us").value_or(""));
}

// The smallest quota of a group and of those it lies in. Inside a container `path` may be that of the host, which is not there;
// the container's own group is the mount then.
template <typename QuotaOf>
int SmallestQuota(const fs::path& mount, fs::path path, const QuotaOf& quota_of) {
  int smallest = std::numeric_limits<int>::max();
  for (path = path.relative_path();; path = path.parent_path()) {
    smallest = std::min(smallest, quota_of(mount / path).value_or(smallest));
    if (path.empty()) return smallest;
  }
}

// Lines of /proc/self/cgroup: "0::/path" for v2, "4:cpu,cpuacct:/path" for a hierarchy of v1, which is mounted by that name.
int Quota(const fs::path& root) {
  int quota = std::numeric_limits<int>::max();
  std::ifstream groups(root / "proc/self/cgroup");
  std::string number;
  std::string controllers;
  std::string path;
  while (std::getline(groups, number, ':') && std::getline(groups, controllers, ':') && std::getline(groups, path)) {
    if (controllers.empty()) quota = std::min(quota, SmallestQuota(root / "sys/fs/cgroup", path, QuotaOfV2));
    if (("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
    quota = std::min(quota, SmallestQuota(root / "sys/fs/cgroup" / controllers, path, QuotaOfV1));
  }
  return quota;
}

}  // namespace

std::vector<int> AllowedProcessors() {
  for (int most = CPU_SETSIZE;; most *= 2) {
    const std::size_t bytes = CPU_ALLOC_SIZE(most);
    std::vector<unsigned long> mask(bytes / sizeof(unsigned long));  // what a cpu_set_t is made of
    auto* const set = reinterpret_cast<cpu_set_t*>(mask.data());
    if (sched_getaffinity(0, bytes, set) != 0) {
      if (errno == EINVAL && most < (1 << 20)) continue;  // a machine with more processors
      return {};
    }
    std::vector<int> processors;
    for (int processor = 0; processor < most; ++processor) {
      if (CPU_ISSET_S(processor, bytes, set)) processors.push_back(processor);
    }
    return processors;
  }
}

int UsableCores(const std::vector<int>& processors, const fs::path& root) {
  return std::max(1, std::min(CountCores(processors, root), Quota(root)));
}

int DefaultThreads() {
  if (std::getenv("OMP_NUM_THREADS") != nullptr) return omp_get_max_threads();
  return UsableCores(AllowedProcessors(), "/");
}

}  // namespace caffe_node
