// What Caffe's Solver::Step logs every `display` iterations, in its words: tools read the numbers out of them.
#ifndef CAFFE_NODE_SOLVER_DISPLAY_H_
#define CAFFE_NODE_SOLVER_DISPLAY_H_

#include <caffe/net.hpp>
#include <chrono>

namespace caffe_node {

class SolverDisplay {
 public:
  // The solver stands at this iteration; the time of what follows counts from now.
  void Begin(int iteration);
  // After `iteration` has computed its loss, of which this is the mean with those before.
  void Log(const caffe::Net<float>& net, int iteration, int interval, float smoothed_loss);

 private:
  std::chrono::steady_clock::time_point since_;
  int from_ = 0;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_DISPLAY_H_
