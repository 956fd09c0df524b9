// Parameters that a layer writes in its forward pass: BatchNorm's running mean and variance.
#ifndef CAFFE_NODE_RUNNING_STATISTICS_H_
#define CAFFE_NODE_RUNNING_STATISTICS_H_

#include <boost/shared_ptr.hpp>
#include <caffe/net.hpp>
#include <utility>
#include <vector>

namespace caffe_node {

// Keeps their values, to put them back when the iteration comes to nothing: one batch of NaNs would stay in them for ever.
class RunningStatistics {
 public:
  explicit RunningStatistics(const caffe::Net<float>& net);
  void Restore() const;

 private:
  std::vector<std::pair<boost::shared_ptr<caffe::Blob<float>>, std::vector<float>>> kept_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_RUNNING_STATISTICS_H_
