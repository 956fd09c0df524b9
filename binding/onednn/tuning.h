// Which of several implementations is fastest on this machine: found by timing, remembered in a file.
#ifndef CAFFE_NODE_ONEDNN_TUNING_H_
#define CAFFE_NODE_ONEDNN_TUNING_H_

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace caffe_node::onednn {

class Tuning {
 public:
  // `file` may be empty, missing, or hold anything: lines that are none of ours are passed over.
  explicit Tuning(std::string file);

  // One of `names`: the one remembered for this problem, or that for which `measure` returns the least with as many threads as
  // OpenMP has. It is called several times for each, in turns, with an index of `names`; what it returns is a time in ms.
  std::size_t Fastest(const std::string& problem, const std::vector<std::string>& names,
                      const std::function<double(std::size_t)>& measure);

  // Writes what is new, beside what others have written meanwhile. Without a word where that cannot be: the next plan takes
  // longer to make, that is all.
  void Save();

 private:
  void Read(std::map<std::string, std::string>* into) const;

  const std::string file_;
  const std::string machine_;
  std::map<std::string, std::string> known_;
  std::map<std::string, std::string> found_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TUNING_H_
