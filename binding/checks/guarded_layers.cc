#include "guarded_layers.h"

#include <boost/make_shared.hpp>
#include <caffe/caffe.hpp>
#include <caffe/layers/accuracy_layer.hpp>
#include <caffe/layers/argmax_layer.hpp>
#include <caffe/layers/concat_layer.hpp>
#include <caffe/layers/conv_layer.hpp>
#include <caffe/layers/crop_layer.hpp>
#include <caffe/layers/deconv_layer.hpp>
#include <caffe/layers/embed_layer.hpp>
#include <caffe/layers/im2col_layer.hpp>
#include <caffe/layers/inner_product_layer.hpp>
#include <caffe/layers/lrn_layer.hpp>
#include <caffe/layers/lstm_layer.hpp>
#include <caffe/layers/pooling_layer.hpp>
#include <caffe/layers/prelu_layer.hpp>
#include <caffe/layers/reshape_layer.hpp>
#include <caffe/layers/rnn_layer.hpp>
#include <caffe/layers/slice_layer.hpp>
#include <caffe/layers/tile_layer.hpp>
#include <map>
#include <typeinfo>

#include "guarded_layer.h"
#include "mended_layers.h"

namespace caffe_node {

namespace {

using LayerPointer = boost::shared_ptr<caffe::Layer<float>>;

template <typename Base, typename Other>
LayerPointer Replace(const LayerPointer& layer, const caffe::LayerParameter& param) {
  if (typeid(*layer) != typeid(Base)) return layer;
  return boost::make_shared<Other>(param);
}

template <typename Base, void (*CheckBottoms)(const Arrival&)>
LayerPointer PutGuard(const LayerPointer& layer, const caffe::LayerParameter& param) {
  return Replace<Base, GuardedLayer<Base, CheckBottoms>>(layer, param);
}

using Replacement = LayerPointer (*)(const LayerPointer& layer, const caffe::LayerParameter& param);

const std::map<std::string, Replacement>& Replacements() {
  static const std::map<std::string, Replacement> replacements{
      {"Accuracy", PutGuard<caffe::AccuracyLayer<float>, CheckLabelCount>},
      {"ArgMax", PutGuard<caffe::ArgMaxLayer<float>, CheckArgMax>},
      {"Concat", PutGuard<caffe::ConcatLayer<float>, CheckConcat>},
      {"ContrastiveLoss", Replace<caffe::ContrastiveLossLayer<float>, ContrastiveLoss>},
      {"Convolution", PutGuard<caffe::ConvolutionLayer<float>, CheckConvolution>},
      {"Crop", PutGuard<caffe::CropLayer<float>, CheckCrop>},
      {"Deconvolution", PutGuard<caffe::DeconvolutionLayer<float>, CheckDeconvolution>},
      {"Embed", PutGuard<caffe::EmbedLayer<float>, CheckEmbed>},
      {"Im2col", PutGuard<caffe::Im2colLayer<float>, CheckIm2col>},
      {"InfogainLoss", Replace<caffe::InfogainLossLayer<float>, InfogainLoss>},
      {"InnerProduct", PutGuard<caffe::InnerProductLayer<float>, CheckInnerProduct>},
      {"LRN", PutGuard<caffe::LRNLayer<float>, CheckLrn>},
      {"LSTM", Replace<caffe::LSTMLayer<float>, Recurrent<caffe::LSTMLayer<float>>>},
      {"LSTMUnit", PutGuard<caffe::LSTMUnitLayer<float>, CheckLstmUnit>},
      {"PReLU", PutGuard<caffe::PReLULayer<float>, CheckPRelu>},
      {"Pooling", PutGuard<caffe::PoolingLayer<float>, CheckPooling>},
      {"RNN", Replace<caffe::RNNLayer<float>, Recurrent<caffe::RNNLayer<float>>>},
      {"Reshape", PutGuard<caffe::ReshapeLayer<float>, CheckReshape>},
      {"SPP", Replace<caffe::SPPLayer<float>, Spp>},
      {"Slice", PutGuard<caffe::SliceLayer<float>, CheckNothing>},
      {"Tile", PutGuard<caffe::TileLayer<float>, CheckTile>},
  };
  return replacements;
}

}  // namespace

LayerPointer Guard(const LayerPointer& layer, const caffe::LayerParameter& param) {
  const auto replacement = Replacements().find(param.type());
  return replacement == Replacements().end() ? layer : replacement->second(layer, param);
}

}  // namespace caffe_node
