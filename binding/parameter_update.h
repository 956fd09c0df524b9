// The update of the parameters in one pass over their memory, shared among the threads. Caffe takes five to fifteen passes in one
// thread: it scales the gradients, adds the decay, works out the update, copies it into the diffs and subtracts it.
#ifndef CAFFE_NODE_PARAMETER_UPDATE_H_
#define CAFFE_NODE_PARAMETER_UPDATE_H_

#include <caffe/net.hpp>
#include <caffe/sgd_solvers.hpp>
#include <vector>

namespace caffe_node {

// What solver->ApplyUpdate() does, equal to rounding: to parameters, histories and diffs (which hold what was subtracted), to the
// iteration and the log. Left to the solver itself where it is none of Caffe's six types, or computes on a GPU.
void UpdateParameters(caffe::SGDSolver<float>* solver);

// What net->ClearParamDiffs() does.
void ClearDiffs(caffe::Net<float>* net);
// The same for some parameters, on the CPU.
void ClearDiffs(const std::vector<caffe::Blob<float>*>& parameters);

}  // namespace caffe_node

#endif  // CAFFE_NODE_PARAMETER_UPDATE_H_
