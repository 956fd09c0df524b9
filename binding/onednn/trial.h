// A primitive tried out on memory of no content, for its time.
#ifndef CAFFE_NODE_ONEDNN_TRIAL_H_
#define CAFFE_NODE_ONEDNN_TRIAL_H_

#include <cstdint>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>
#include <vector>

#include "description.h"

namespace caffe_node::onednn {

// Who asks for the memory of a trial.
constexpr const char* kTrial = "To find the fastest algorithm";

class Trial {
 public:
  // `arguments`: DNNL_ARG_SRC … with how each lies. Throws SHAPE where memory does not suffice.
  Trial(const dnnl::primitive_desc_base& descriptor, dnnl::primitive primitive,
        const std::vector<std::pair<int, Description>>& arguments);
  // Runs it once; ms.
  double Run();

 private:
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRIAL_H_
