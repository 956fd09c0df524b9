// Which types of layers the plan computes itself, and by what.
#ifndef CAFFE_NODE_ONEDNN_OPERATIONS_H_
#define CAFFE_NODE_ONEDNN_OPERATIONS_H_

#include <memory>
#include <string>

#include "operation.h"

namespace caffe_node::onednn {

// The operation for a node. Throws a Refusal, or dnnl::error, where there is none.
std::unique_ptr<Operation> MakeOperation(const OperationRequest& request);

// Whether there is one for a type of layer, as long as nothing is special about the layer. Such layers do nothing but compute
// their tops: without readers they are left out.
bool HasOperation(const std::string& type);

// Whether the operations for a type of layer apply the activations in node.fused.
bool FusesActivations(const std::string& type);

// Whether a layer computes each item of the first axis from the same item of its bottoms alone, so that it can run over a part of
// the batch (parts.h).
bool TreatsImagesAlone(const Node& node);

// The makers, each in the file of its name.
std::unique_ptr<Operation> MakeActivation(const OperationRequest& request);
std::unique_ptr<Operation> MakeBatchNorm(const OperationRequest& request);
std::unique_ptr<Operation> MakeBias(const OperationRequest& request);
std::unique_ptr<Operation> MakeConcat(const OperationRequest& request);
std::unique_ptr<Operation> MakeConvolution(const OperationRequest& request);
std::unique_ptr<Operation> MakeDeconvolution(const OperationRequest& request);
std::unique_ptr<Operation> MakeEltwise(const OperationRequest& request);
std::unique_ptr<Operation> MakeInnerProduct(const OperationRequest& request);
std::unique_ptr<Operation> MakeLrn(const OperationRequest& request);
std::unique_ptr<Operation> MakePooling(const OperationRequest& request);
std::unique_ptr<Operation> MakePrelu(const OperationRequest& request);
std::unique_ptr<Operation> MakeReshape(const OperationRequest& request);
std::unique_ptr<Operation> MakeScale(const OperationRequest& request);
std::unique_ptr<Operation> MakeSlice(const OperationRequest& request);
std::unique_ptr<Operation> MakeSoftmax(const OperationRequest& request);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_OPERATIONS_H_
