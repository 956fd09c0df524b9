// What was found out about plans, kept from process to process: whether they agreed with Caffe, and the file of their tuning. A
// folder that cannot be read or written is as good as none.
#ifndef CAFFE_NODE_PLAN_CACHE_H_
#define CAFFE_NODE_PLAN_CACHE_H_

#include <optional>
#include <string>

namespace caffe_node {

class PlanCache {
 public:
  // An empty path: nothing is kept.
  explicit PlanCache(std::string folder) : folder_(std::move(folder)) {}

  // Made where it is not there; empty where it cannot be.
  std::string Folder() const;
  // For PlanSettings; one for each processor and version of oneDNN.
  std::string TuningFile() const;
  // What a comparison of the plan that `subject` describes came to: empty for agreement, else what was wrong; nothing when there
  // was none on this processor.
  std::optional<std::string> Verdict(const std::string& subject) const;
  void Keep(const std::string& subject, const std::string& verdict) const;

 private:
  std::string FileOf(const std::string& kind, const std::string& subject) const;

  std::string folder_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_PLAN_CACHE_H_
