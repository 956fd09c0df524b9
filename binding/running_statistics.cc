#include "running_statistics.h"

#include <algorithm>
#include <string>

namespace caffe_node {

RunningStatistics::RunningStatistics(const caffe::Net<float>& net) {
  for (const auto& layer : net.layers()) {
    if (std::string(layer->type()) != "BatchNorm") continue;
    for (const auto& blob : layer->blobs()) {
      kept_.emplace_back(blob, std::vector<float>(blob->cpu_data(), blob->cpu_data() + blob->count()));
    }
  }
}

void RunningStatistics::Restore() const {
  for (const auto& [blob, values] : kept_) std::copy(values.begin(), values.end(), blob->mutable_cpu_data());
}

}  // namespace caffe_node
