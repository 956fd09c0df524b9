// What is one primitive with parameters: weights and a bias, say.
#ifndef CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_
#define CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_

#include <cstdint>
#include <utility>
#include <vector>

#include "operation.h"
#include "parameters.h"

namespace caffe_node::onednn {

class WeightedOperation : public PrimitiveOperation {
 public:
  std::int64_t ParameterBytes() const override {
    std::int64_t bytes = 0;
    for (const PreparedParameter& parameter : parameters_) bytes += parameter.Bytes();
    return bytes;
  }
  std::vector<const FloatBlob*> BorrowedParameters() const override {
    std::vector<const FloatBlob*> borrowed;
    for (const PreparedParameter& parameter : parameters_) {
      if (parameter.borrowed() != nullptr) borrowed.push_back(parameter.borrowed());
    }
    return borrowed;
  }
  void TakeParameters() override {
    for (PreparedParameter& parameter : parameters_) parameter.Take();
  }

 protected:
  using PrimitiveOperation::PrimitiveOperation;

  // `name` is the primitive's argument: DNNL_ARG_WEIGHTS.
  void Add(int name, PreparedParameter parameter) {
    SetArgument(name, parameter.memory());
    parameters_.push_back(std::move(parameter));
  }

 private:
  std::vector<PreparedParameter> parameters_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_
