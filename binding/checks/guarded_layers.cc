#include "guarded_layers.h"

#include <boost/make_shared.hpp>
#include <caffe/caffe.hpp>
#include <caffe/layers/accuracy_layer.hpp>
#include <caffe/layers/argmax_layer.hpp>
#include <caffe/layers/concat_layer.hpp>
#include <caffe/layers/contrastive_loss_layer.hpp>
#include <caffe/layers/conv_layer.hpp>
#include <caffe/layers/crop_layer.hpp>
#include <caffe/layers/deconv_layer.hpp>
#include <caffe/layers/embed_layer.hpp>
#include <caffe/layers/flatten_layer.hpp>
#include <caffe/layers/im2col_layer.hpp>
#include <caffe/layers/infogain_loss_layer.hpp>
#include <caffe/layers/inner_product_layer.hpp>
#include <caffe/layers/lrn_layer.hpp>
#include <caffe/layers/lstm_layer.hpp>
#include <caffe/layers/pooling_layer.hpp>
#include <caffe/layers/prelu_layer.hpp>
#include <caffe/layers/reshape_layer.hpp>
#include <caffe/layers/rnn_layer.hpp>
#include <caffe/layers/slice_layer.hpp>
#include <caffe/layers/split_layer.hpp>
#include <caffe/layers/spp_layer.hpp>
#include <caffe/layers/tile_layer.hpp>
#include <map>
#include <typeinfo>
#include <utility>
#include <vector>

#include "creation.h"
#include "files.h"
#include "shapes.h"

namespace caffe_node {

namespace {

using LayerPointer = boost::shared_ptr<caffe::Layer<float>>;

// A layer whose bottoms are checked before it takes their shapes, and its tops afterwards. It stays what it is for everybody
// else: a Base, of Base's type.
template <typename Base, void (*CheckBottoms)(const Arrival&)>
class Guarded : public Base {
 public:
  explicit Guarded(const caffe::LayerParameter& param) : Base(param) {}

  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override {
    axes_at_setup_ = bottoms.empty() ? 0 : bottoms[0]->num_axes();
    CheckBottoms(Arriving(bottoms));
    Base::LayerSetUp(bottoms, tops);
  }

  void Reshape(const Blobs& bottoms, const Blobs& tops) override {
    CheckBottoms(Arriving(bottoms));
    Base::Reshape(bottoms, tops);
    CheckTops(this->layer_param_, tops);
  }

 private:
  Arrival Arriving(const Blobs& bottoms) const {
    const int count = this->blobs_.empty() ? 0 : this->blobs_[0]->count();
    return {this->layer_param_, bottoms, axes_at_setup_, count};
  }

  int axes_at_setup_ = 0;
};

// Caffe sizes its buffers for the batch of the set-up, and writes beyond them when a larger one comes.
class ContrastiveLoss final : public Guarded<caffe::ContrastiveLossLayer<float>, CheckContrastiveLoss> {
 public:
  using Guarded::Guarded;
  void Reshape(const Blobs& bottoms, const Blobs& tops) override {
    Guarded::Reshape(bottoms, tops);
    diff_.ReshapeLike(*bottoms[0]);
    diff_sq_.ReshapeLike(*bottoms[0]);
    dist_sq_.Reshape(bottoms[0]->num(), 1, 1, 1);
  }
};

// Its matrix may come from a file.
class InfogainLoss final : public Guarded<caffe::InfogainLossLayer<float>, CheckInfogainLoss> {
 public:
  using Guarded::Guarded;
  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override {
    const caffe::InfogainLossParameter& param = layer_param_.infogain_loss_param();
    if (bottoms.size() < 3 && param.has_source()) CheckBlobFile(param.source());
    Guarded::LayerSetUp(bottoms, tops);
  }
};

// Caffe never gives back what its inner layers are made of.
class Spp final : public Guarded<caffe::SPPLayer<float>, CheckSpp> {
 public:
  using Guarded::Guarded;
  ~Spp() override {
    DeleteAll(split_top_vec_);
    DeleteAll(pooling_bottom_vecs_);
    DeleteAll(pooling_top_vecs_);
    DeleteAll(pooling_outputs_);
    DeleteAll(flatten_layers_);
    DeleteAll(flatten_top_vecs_);
    DeleteAll(flatten_outputs_);
  }

 private:
  template <typename Owned>
  static void DeleteAll(const std::vector<Owned*>& all) {
    for (Owned* one : all) delete one;
  }
};

// The net inside it has a trace of its own: what goes wrong in there concerns this layer.
template <typename Base>
class Recurrent final : public Guarded<Base, CheckRecurrent> {
 public:
  using Guarded<Base, CheckRecurrent>::Guarded;
  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override {
    const CreationTrace inside;
    try {
      Guarded<Base, CheckRecurrent>::LayerSetUp(bottoms, tops);
    } catch (...) {
      const Failure failure = AsFailure(std::current_exception());
      FailureDetails details = failure.details();
      details.layer = this->layer_param_.name();
      throw Failure(failure.code(), failure.what(), std::move(details));
    }
  }
};

template <typename Base, typename Guard>
LayerPointer Replace(const LayerPointer& layer, const caffe::LayerParameter& param) {
  if (typeid(*layer) != typeid(Base)) return layer;
  return boost::make_shared<Guard>(param);
}

template <typename Base, void (*CheckBottoms)(const Arrival&)>
LayerPointer Put(const LayerPointer& layer, const caffe::LayerParameter& param) {
  return Replace<Base, Guarded<Base, CheckBottoms>>(layer, param);
}

using Replacement = LayerPointer (*)(const LayerPointer& layer, const caffe::LayerParameter& param);

const std::map<std::string, Replacement>& Replacements() {
  static const std::map<std::string, Replacement> replacements{
      {"Accuracy", Put<caffe::AccuracyLayer<float>, CheckLabelCount>},
      {"ArgMax", Put<caffe::ArgMaxLayer<float>, CheckArgMax>},
      {"Concat", Put<caffe::ConcatLayer<float>, CheckConcat>},
      {"ContrastiveLoss", Replace<caffe::ContrastiveLossLayer<float>, ContrastiveLoss>},
      {"Convolution", Put<caffe::ConvolutionLayer<float>, CheckConvolution>},
      {"Crop", Put<caffe::CropLayer<float>, CheckCrop>},
      {"Deconvolution", Put<caffe::DeconvolutionLayer<float>, CheckDeconvolution>},
      {"Embed", Put<caffe::EmbedLayer<float>, CheckEmbed>},
      {"Im2col", Put<caffe::Im2colLayer<float>, CheckIm2col>},
      {"InfogainLoss", Replace<caffe::InfogainLossLayer<float>, InfogainLoss>},
      {"InnerProduct", Put<caffe::InnerProductLayer<float>, CheckInnerProduct>},
      {"LRN", Put<caffe::LRNLayer<float>, CheckLrn>},
      {"LSTM", Replace<caffe::LSTMLayer<float>, Recurrent<caffe::LSTMLayer<float>>>},
      {"LSTMUnit", Put<caffe::LSTMUnitLayer<float>, CheckLstmUnit>},
      {"PReLU", Put<caffe::PReLULayer<float>, CheckPRelu>},
      {"Pooling", Put<caffe::PoolingLayer<float>, CheckPooling>},
      {"RNN", Replace<caffe::RNNLayer<float>, Recurrent<caffe::RNNLayer<float>>>},
      {"Reshape", Put<caffe::ReshapeLayer<float>, CheckReshape>},
      {"SPP", Replace<caffe::SPPLayer<float>, Spp>},
      {"Slice", Put<caffe::SliceLayer<float>, CheckNothing>},
      {"Tile", Put<caffe::TileLayer<float>, CheckTile>},
  };
  return replacements;
}

}  // namespace

LayerPointer Guard(const LayerPointer& layer, const caffe::LayerParameter& param) {
  const auto replacement = Replacements().find(param.type());
  return replacement == Replacements().end() ? layer : replacement->second(layer, param);
}

}  // namespace caffe_node
