// How long something takes.
#ifndef CAFFE_NODE_ONEDNN_MILLISECONDS_H_
#define CAFFE_NODE_ONEDNN_MILLISECONDS_H_

#include <chrono>

namespace caffe_node::onednn {

// What the body throws goes on.
template <typename Body>
double Milliseconds(const Body& body) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  body();
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_MILLISECONDS_H_
