#include "thin_inner_product.h"

#include <caffe/util/math_functions.hpp>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "activation.h"
#include "folding.h"
#include "thin_products.h"

namespace caffe_node::onednn {

namespace {

class ThinInnerProduct final : public Operation {
 public:
  ThinInnerProduct(const OperationRequest& request, const ProductExtents& extents)
      : Operation({Plain(ShapeOf(request.bottoms[0]))}, {Plain(request.tops[0])}),
        extents_(extents),
        transposed_(request.node.parameter().inner_product_param().transpose()),
        fused_(MakeFused(request.node.fused, tops()[0], request.context)) {
    for (const auto& blob : request.node.caffe->blobs()) parameters_.push_back(blob.get());
  }

  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  std::vector<const FloatBlob*> BorrowedParameters() const override { return parameters_; }
  std::string Primitive() const override { return "thin:avx512"; }

  void Multiply(const float* bottom, float* top) const {
    const auto [items, inputs, outputs] = extents_;
    const float* const weights = parameters_[0]->cpu_data();
    if (transposed_) {
      Times(static_cast<int>(items), static_cast<int>(inputs), static_cast<int>(outputs), bottom, weights, top);
    } else {
      TimesTransposed(static_cast<int>(items), static_cast<int>(outputs), static_cast<int>(inputs), bottom, weights, top);
    }
    if (parameters_.size() == 1) return;
    for (std::int64_t item = 0; item < items; ++item) {
      caffe::caffe_axpy(static_cast<int>(outputs), 1.0f, parameters_[1]->cpu_data(), top + item * outputs);
    }
  }

 private:
  const ProductExtents extents_;
  const bool transposed_;
  const std::vector<std::unique_ptr<Operation>> fused_;
  std::vector<const FloatBlob*> parameters_;
};

class BoundThinInnerProduct final : public Binding {
 public:
  BoundThinInnerProduct(const ThinInnerProduct& operation, dnnl::memory bottom, dnnl::memory top,
                        std::vector<std::unique_ptr<Binding>> fused)
      : operation_(operation), bottom_(std::move(bottom)), top_(std::move(top)), fused_(std::move(fused)) {}

  void Run(const dnnl::stream& stream) override {
    operation_.Multiply(ValuesOf<float>(bottom_), ValuesOf<float>(top_));
    for (const auto& activation : fused_) activation->Run(stream);
  }

 private:
  const ThinInnerProduct& operation_;
  const dnnl::memory bottom_;
  const dnnl::memory top_;
  const std::vector<std::unique_ptr<Binding>> fused_;
};

std::unique_ptr<Binding> ThinInnerProduct::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                                void* scratch) const {
  std::vector<std::unique_ptr<Binding>> fused;
  for (const auto& activation : fused_) fused.push_back(activation->Bind(tops, tops, scratch));
  return std::make_unique<BoundThinInnerProduct>(*this, bottoms[0], tops[0], std::move(fused));
}

}  // namespace

bool SuitsThinInnerProduct(const OperationRequest& request, const ProductExtents& extents) {
  // For one item oneDNN reads the weights as they lie, too.
  return request.context.type() == DataType::f32 && extents.items > 1 && extents.items <= std::numeric_limits<int>::max() &&
         IsThin(static_cast<int>(extents.items)) && !HasFolded(request.node);
}

std::unique_ptr<Operation> MakeThinInnerProduct(const OperationRequest& request, const ProductExtents& extents) {
  return std::make_unique<ThinInnerProduct>(request, extents);
}

}  // namespace caffe_node::onednn
