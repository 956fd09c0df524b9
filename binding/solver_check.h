// What a solver file can express and Caffe does not check, or checks in words that do not say what to change.
#ifndef CAFFE_NODE_SOLVER_CHECK_H_
#define CAFFE_NODE_SOLVER_CHECK_H_

#include <caffe/proto/caffe.pb.h>

#include <string>
#include <vector>

namespace caffe_node {

// Refuses (PROTOTXT) a solver that names no net, several, or test nets that do not fit its test_iter and test_state. To be called
// with the solver as it is written, before its nets are read.
void CheckNets(const caffe::SolverParameter& solver);

// Refuses (PROTOTXT) settings that Caffe divides by, takes for an index, or turns every parameter into NaN with.
void CheckSettings(const caffe::SolverParameter& solver);

// The fields that Caffe reads anew in each iteration, so that a living solver follows a change of them.
const std::vector<std::string>& ChangeableFields();

// Refuses (INPUT) a change that sets any other field; its hint names those that can be set.
void CheckChange(const caffe::SolverParameter& change);

// The set fields of `change` become those of `solver`, repeated ones as a whole.
void ApplyChange(const caffe::SolverParameter& change, caffe::SolverParameter* solver);

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_CHECK_H_
