// What is one primitive with parameters: weights and a bias, say.
#ifndef CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_
#define CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "folding.h"
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
    if (folded_into_ == nullptr) {
      for (PreparedParameter& parameter : parameters_) parameter.Take();
      return;
    }
    const FoldedWeights folded = Fold(*folded_into_);
    parameters_.front().Take(folded.weights.data());
    parameters_.back().Take(folded.bias.data());
  }

 protected:
  using PrimitiveOperation::PrimitiveOperation;

  // The weights and the bias of the node's layer, with the layers folded into it. `stored` is how Caffe's blob has the weights,
  // `wanted` how the primitive wants them.
  void AddWeights(const dnnl::engine& engine, const Node& node, const Description& stored, const Description& wanted,
                  const Description& bias) {
    const auto& blobs = node.caffe->blobs();
    const bool folds = HasFolded(node);
    if (folds) folded_into_ = std::make_unique<Node>(node);
    Add(DNNL_ARG_WEIGHTS, {engine, folds ? nullptr : blobs[0].get(), stored, wanted});
    if (HasBias(node)) Add(DNNL_ARG_BIAS, {engine, folds ? nullptr : blobs[1].get(), bias, bias});
  }

 private:
  void Add(int name, PreparedParameter parameter) {
    SetArgument(name, parameter.memory());
    parameters_.push_back(std::move(parameter));
  }

  std::unique_ptr<Node> folded_into_;  // none where nothing is folded
  std::vector<PreparedParameter> parameters_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_WEIGHTED_OPERATION_H_
