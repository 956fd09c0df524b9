// Layers that change each value by itself: as operations of their own, and fused into the layer before.
#ifndef CAFFE_NODE_ONEDNN_ACTIVATION_H_
#define CAFFE_NODE_ONEDNN_ACTIVATION_H_

#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "graph.h"
#include "operation.h"

namespace caffe_node::onednn {

// What oneDNN calls an eltwise.
struct Activation {
  dnnl::algorithm algorithm;
  float alpha = 0;
  float beta = 0;
};

// The layer as such, one after the other; none for a layer that is none, or that oneDNN computes otherwise than Caffe.
std::vector<Activation> ActivationsOf(const FloatLayer& layer);

// Whether the layer can be fused behind those that are: to all activations of one algorithm, a primitive of oneDNN 2.6 applies
// the constants of the first.
bool CanFuse(const std::vector<FusedLayer>& fused, const FloatLayer& next);

// The activations that were fused into a node.
dnnl::post_ops PostOperations(const std::vector<FusedLayer>& fused);
// The same as operations of their own, each from the values into the values. Throws a Refusal.
std::vector<std::unique_ptr<Operation>> MakeFused(const std::vector<FusedLayer>& fused, const Description& values,
                                                  const Context& context);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_ACTIVATION_H_
