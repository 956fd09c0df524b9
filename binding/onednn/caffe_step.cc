#include "caffe_step.h"

#include <utility>

#include "../failure.h"
#include "../fingerprint.h"
#include "../not_finite.h"

namespace caffe_node::onednn {

namespace {

std::vector<Description> AllPlain(const Graph& graph, const std::vector<int>& values) {
  std::vector<Description> descriptions;
  for (const int value : values) descriptions.push_back(Plain(graph.ValueAt(value).shape));
  return descriptions;
}

class BoundStep final : public Binding {
 public:
  explicit BoundStep(const CaffeStep& step) : step_(step) {}
  void Run(const dnnl::stream&) override { step_.Run(); }

 private:
  const CaffeStep& step_;
};

}  // namespace

CaffeStep::CaffeStep(const Graph& graph, const Node& node, std::string reason)
    : Operation(AllPlain(graph, node.bottoms), AllPlain(graph, node.tops)), net_(graph.net), reason_(std::move(reason)) {
  layers_.push_back(node.layer);
  for (const FusedLayer& fused : node.fused) layers_.push_back(fused.layer);
}

std::unique_ptr<Binding> CaffeStep::Bind(const std::vector<dnnl::memory>&, const std::vector<dnnl::memory>&, void*) const {
  return std::make_unique<BoundStep>(*this);
}

void CaffeStep::Run() const {
  for (const int layer : layers_) net_->ForwardFromTo(layer, layer);
  RequireShapes();
  RequireFinite();
}

const std::vector<FloatBlob*>& CaffeStep::Tops() const { return net_->top_vecs()[static_cast<std::size_t>(layers_.back())]; }

const std::string& CaffeStep::Name() const { return net_->layer_names()[static_cast<std::size_t>(layers_.back())]; }

void CaffeStep::RequireFinite() const {
  for (const FloatBlob* const top : Tops()) {
    if (!IsFinite(*top)) throw NotFinite(Name());
  }
}

void CaffeStep::RequireShapes() const {
  const std::vector<FloatBlob*>& blobs = Tops();
  for (std::size_t top = 0; top < blobs.size(); ++top) {
    const std::vector<int>& shape = blobs[top]->shape();
    if (Plain({shape.begin(), shape.end()}) == tops()[top]) continue;
    FailureDetails details;
    details.layer = Name();
    details.hint = "Use engine: 'caffe' for a net whose shapes depend on what is in its blobs.";
    throw Failure("UNSUPPORTED", "The layer gave its top another shape than the plan was made for.", std::move(details));
  }
}

}  // namespace caffe_node::onednn
