#include "training_operation.h"

namespace caffe_node::onednn {

namespace {

class InCaffe final : public TrainingOperation {
 public:
  InCaffe(const TrainedNode& node, float* loss) : node_(node), loss_(loss) {}

  void Forward(TrainingDraft* draft) override {
    for (const int bottom : node_.node().bottoms) draft->ToCaffe(Part::kData, bottom);
    draft->Do([net = node_.graph->net, layer = node_.node().layer, loss = loss_] { *loss += net->ForwardFromTo(layer, layer); },
              {});
    for (const int top : node_.node().tops) draft->FromCaffe(Part::kData, top);
  }

  void Backward(TrainingDraft* draft) override {
    // A top without a gradient from above is a loss, whose gradient Caffe keeps in its blob, or one that counts for nothing.
    for (const int top : node_.node().tops) {
      if (draft->Has(Part::kDiff, top)) draft->ToCaffe(Part::kDiff, top);
    }
    draft->Do([net = node_.graph->net, layer = node_.node().layer] { net->BackwardFromTo(layer, layer); }, {});
    for (std::size_t i = 0; i < node_.node().bottoms.size(); ++i) {
      if (node_.GoesBackwardTo(i)) draft->FromCaffe(Part::kDiff, node_.node().bottoms[i]);
    }
  }

 private:
  const TrainedNode node_;
  float* const loss_;
};

class Source final : public TrainingOperation {
 public:
  Source(FloatNet* net, int layer, float* loss) : net_(net), layer_(layer), loss_(loss) {}

  void Forward(TrainingDraft* draft) override {
    draft->Do([net = net_, layer = layer_, loss = loss_] { *loss += net->ForwardFromTo(layer, layer); }, {});
  }

  void Backward(TrainingDraft* draft) override {
    draft->Do([net = net_, layer = layer_] { net->BackwardFromTo(layer, layer); }, {});
  }

 private:
  FloatNet* const net_;
  const int layer_;
  float* const loss_;
};

}  // namespace

TrainingOperationPtr TrainInCaffe(const TrainedNode& node, float* loss) { return std::make_unique<InCaffe>(node, loss); }

TrainingOperationPtr TrainSource(FloatNet* net, int layer, float* loss) { return std::make_unique<Source>(net, layer, loss); }

}  // namespace caffe_node::onednn
