// What Caffe's solver keeps protected, though callers need it.
#ifndef CAFFE_NODE_SOLVER_ACCESS_H_
#define CAFFE_NODE_SOLVER_ACCESS_H_

#include <caffe/solver.hpp>

namespace caffe_node {

// A class of our own may name these members.
struct SolverAccess : caffe::Solver<float> {
  using Solver = caffe::Solver<float>;
  static caffe::SolverParameter& Param(Solver& solver) { return solver.*(&SolverAccess::param_); }
  static int& Iteration(Solver& solver) { return solver.*(&SolverAccess::iter_); }
  static int& CurrentStep(Solver& solver) { return solver.*(&SolverAccess::current_step_); }
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_ACCESS_H_
