// A layer inside a plan that Caffe computes, from and into its own blobs.
#ifndef CAFFE_NODE_ONEDNN_CAFFE_STEP_H_
#define CAFFE_NODE_ONEDNN_CAFFE_STEP_H_

#include <memory>
#include <string>
#include <vector>

#include "operation.h"

namespace caffe_node::onednn {

// The node's layer with those that were fused into it, each as Caffe runs it in a net: checks, callbacks and all. The plan puts
// the bottoms into the blobs of node.layer, and finds the tops in those of the last layer.
class CaffeStep final : public Operation {
 public:
  // `reason` says why it is Caffe's.
  CaffeStep(const Graph& graph, const Node& node, std::string reason);

  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  // Throws what the layer throws; UNSUPPORTED when it gives its tops other shapes than the plan was made for; NotFinite.
  void Run() const;
  std::string Primitive() const override { return "Caffe: " + reason_; }

 private:
  void RequireShapes() const;
  void RequireFinite() const;
  const std::vector<FloatBlob*>& Tops() const;
  const std::string& Name() const;

  FloatNet* const net_;
  const std::string reason_;
  std::vector<int> layers_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_CAFFE_STEP_H_
