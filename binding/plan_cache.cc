#include "plan_cache.h"

#include <exception>
#include <filesystem>
#include <fstream>
#include <vector>

#include "fingerprint.h"
#include "net_plan.h"
#include "weights.h"

namespace caffe_node {

namespace {

// Other processors choose other algorithms, with other rounding.
std::string ReadMachine() {
  std::string machine = DetectEngine().version;
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line) && !line.empty();) {
    if (line.rfind("model name", 0) == 0 || line.rfind("flags", 0) == 0) machine += "\n" + line;
  }
  return machine;
}

const std::string& Machine() {
  static const std::string machine = ReadMachine();
  return machine;
}

// Each training leaves a few behind.
void DropMany(const std::string& folder) {
  constexpr std::size_t kMost = 1000;
  std::vector<std::filesystem::path> verdicts;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (entry.path().filename().string().rfind("verdict-", 0) == 0) verdicts.push_back(entry.path());
  }
  if (verdicts.size() < kMost) return;
  for (const std::filesystem::path& verdict : verdicts) std::filesystem::remove(verdict, unreadable);
}

constexpr char kAgreed[] = "agreed";
constexpr char kDiffered[] = "differed: ";

}  // namespace

std::string PlanCache::FileOf(const std::string& kind, const std::string& subject) const {
  return (std::filesystem::path(folder_) / (kind + "-" + HashText(Machine() + "\n" + subject))).string();
}

std::string PlanCache::Folder() const {
  if (folder_.empty()) return "";
  std::error_code unwritable;
  std::filesystem::create_directories(folder_, unwritable);
  return unwritable ? "" : folder_;
}

std::string PlanCache::TuningFile() const { return Folder().empty() ? "" : FileOf("tuning", ""); }

std::optional<std::string> PlanCache::Verdict(const std::string& subject) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream file(FileOf("verdict", subject));
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  if (line == kAgreed) return "";
  if (line.rfind(kDiffered, 0) == 0) return line.substr(sizeof(kDiffered) - 1);
  return std::nullopt;
}

void PlanCache::Keep(const std::string& subject, const std::string& verdict) const {
  if (Folder().empty()) return;
  try {
    DropMany(folder_);
    WriteFileWhole(FileOf("verdict", subject), (verdict.empty() ? kAgreed : kDiffered + verdict) + std::string("\n"));
  } catch (const std::exception&) {
    // The next process compares again.
  }
}

}  // namespace caffe_node
