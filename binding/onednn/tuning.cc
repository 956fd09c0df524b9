#include "tuning.h"

#include <omp.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <oneapi/dnnl/dnnl.hpp>
#include <utility>

#include "../failure.h"
#include "../joined.h"
#include "../weights.h"

namespace caffe_node::onednn {

namespace {

// The first line of the file. A line is a machine, a problem and a choice, with tabs between.
const char* const kTitle = "caffe-node: which implementations were fastest";

std::string Processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.compare(0, 10, "model name") != 0) continue;
    const std::size_t begin = line.find_first_not_of(" \t:", 10);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return "";
}

// What a time depends on beside the problem and the threads.
std::string Machine() {
  const dnnl::version_t* const version = dnnl::version();
  return "oneDNN " + std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch) + ", " + Processor() + ", isa " +
         std::to_string(static_cast<unsigned>(dnnl::get_effective_cpu_isa()));
}

}  // namespace

Tuning::Tuning(std::string file) : file_(std::move(file)), machine_(Machine()) { Read(&known_); }

void Tuning::Read(std::map<std::string, std::string>* into) const {
  std::ifstream file(file_);
  std::string line;
  if (!std::getline(file, line) || line != kTitle) return;
  while (std::getline(file, line)) {
    const std::size_t last = line.rfind('\t');
    if (last != std::string::npos && line.find('\t') != last) (*into)[line.substr(0, last)] = line.substr(last + 1);
  }
}

std::size_t Tuning::Fastest(const std::string& problem, const std::vector<std::string>& names,
                            const std::function<double(std::size_t)>& measure) {
  if (names.size() == 1) return 0;
  const std::string key =
      machine_ + ", threads " + std::to_string(omp_get_max_threads()) + '\t' + problem + " of " + Joined(names);
  const auto known = known_.find(key);
  const auto choice = known == known_.end() ? names.end() : std::find(names.begin(), names.end(), known->second);
  if (choice != names.end()) return static_cast<std::size_t>(choice - names.begin());

  // The first round warms up. Great problems are measured less often: they are measured better.
  constexpr int kRounds = 6;
  constexpr double kEnough = 20;  // ms
  std::vector<double> least(names.size(), std::numeric_limits<double>::max());
  double spent = 0;
  for (int round = 0; round < kRounds && (round < 2 || spent < kEnough); ++round) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      const double time = measure(i);
      spent += time;
      if (round > 0) least[i] = std::min(least[i], time);
    }
  }
  const auto fastest = static_cast<std::size_t>(std::min_element(least.begin(), least.end()) - least.begin());
  known_[key] = found_[key] = names[fastest];
  return fastest;
}

void Tuning::Save() {
  if (file_.empty() || found_.empty()) return;
  std::map<std::string, std::string> all;
  Read(&all);
  for (const auto& [key, choice] : found_) all[key] = choice;
  std::string text = std::string(kTitle) + '\n';
  for (const auto& [key, choice] : all) text += key + '\t' + choice + '\n';
  try {
    WriteFileWhole(file_, text);
    found_.clear();
  } catch (const Failure&) {
  }
}

}  // namespace caffe_node::onednn
