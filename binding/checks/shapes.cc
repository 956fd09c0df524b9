#include "shapes.h"

#include <algorithm>

namespace caffe_node {

namespace {

std::string Text(std::int64_t number) { return std::to_string(number); }

}  // namespace

std::int64_t Times(std::int64_t left, std::int64_t right) {
  constexpr std::int64_t kTooMany = kMostInt + 1;
  return std::min(kTooMany, std::min(kTooMany, left) * std::min(kTooMany, right));
}

std::int64_t Extent(const caffe::Blob<float>& blob, int first, int end) {
  std::int64_t product = 1;
  for (int axis = first; axis < end; ++axis) product = Times(product, blob.shape(axis));
  return product;
}

int AxisOf(const caffe::Blob<float>& blob, int axis) {
  const int canonical = axis < 0 ? axis + blob.num_axes() : axis;
  return canonical >= 0 && canonical < blob.num_axes() ? canonical : -1;
}

void RequireCountable(const caffe::LayerParameter& layer, const std::string& what, std::int64_t values) {
  if (values <= kMostInt) return;
  throw Misshapen(layer, "would need " + what + " of 2^31 values or more",
                  "Use smaller shapes, a smaller batch or fewer outputs.");
}

void CheckTops(const caffe::LayerParameter& layer, const Blobs& tops) {
  for (std::size_t i = 0; i < tops.size(); ++i) {
    const std::vector<int>& shape = tops[i]->shape();
    if (std::find(shape.begin(), shape.end(), 0) == shape.end()) continue;
    throw Misshapen(layer, "would hand on an empty blob, of shape " + tops[i]->shape_string(),
                    "Compare its settings with the shapes of its bottoms: a window or slice has no room there.");
  }
}

void CheckNothing(const Arrival&) {}

void CheckArgMax(const Arrival& arrival) {
  const caffe::ArgMaxParameter& param = arrival.layer.argmax_param();
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  const int axes = bottom.num_axes();
  if (axes == 0) return;
  int first = 1;
  int end = axes;
  if (param.has_axis()) {
    first = param.axis() < 0 ? param.axis() + arrival.axes_at_setup : param.axis();  // Caffe keeps the one of the set-up
    if (first < 0 || first >= axes) {
      throw Misshapen(arrival.layer,
                      "has axis: " + Text(param.axis()) + ", which a bottom of shape " + bottom.shape_string() + " lacks");
    }
    end = first + 1;
  }
  if (Extent(bottom, first, end) >= param.top_k()) return;
  throw Misshapen(arrival.layer,
                  "is asked for the " + Text(param.top_k()) + " largest of " + Text(Extent(bottom, first, end)) + " values",
                  "Lower argmax_param.top_k.");
}

void CheckConcat(const Arrival& arrival) {
  std::int64_t sum = 0;
  for (const caffe::Blob<float>* bottom : arrival.bottoms) sum += bottom->count();
  RequireCountable(arrival.layer, "a top", sum);
}

// Caffe compares the first two batches, and the features when it is set up only.
void CheckContrastiveLoss(const Arrival& arrival) {
  const caffe::Blob<float>& left = *arrival.bottoms[0];
  const caffe::Blob<float>& right = *arrival.bottoms[1];
  if (left.count() != right.count() || left.count() != left.num() * left.channels()) {
    throw Misshapen(arrival.layer, "compares features of the shapes " + left.shape_string() + " and " + right.shape_string(),
                    "Give both the same shape: items × features.");
  }
  if (left.num() == arrival.bottoms[2]->num()) return;
  throw Misshapen(arrival.layer, "has " + Text(left.num()) + " pairs and " + Text(arrival.bottoms[2]->num()) + " labels",
                  "Give each pair one label: 1 for similar, 0 for dissimilar.");
}

void CheckCrop(const Arrival& arrival) {
  const int offsets = arrival.layer.crop_param().offset_size();
  const int axis = AxisOf(*arrival.bottoms[0], arrival.layer.crop_param().axis());
  if (offsets <= 1 || axis < 0 || offsets == arrival.bottoms[0]->num_axes() - axis) return;
  throw Misshapen(arrival.layer,
                  "has " + Text(offsets) + " offsets; its bottom has " + Text(arrival.bottoms[0]->num_axes() - axis) +
                      " axes from axis " + Text(axis) + " on",
                  "Give one offset for each of them, or one for all.");
}

void CheckEmbed(const Arrival& arrival) {
  const caffe::EmbedParameter& param = arrival.layer.embed_param();
  RequireCountable(arrival.layer, "weights", Times(param.num_output(), param.input_dim()));
}

// The matrix has a row and a column for each label.
void CheckInfogainLoss(const Arrival& arrival) {
  const caffe::Blob<float>& scores = *arrival.bottoms[0];
  const int axis = AxisOf(scores, arrival.layer.infogain_loss_param().axis());
  if (axis >= 0) RequireCountable(arrival.layer, "a matrix", Times(scores.shape(axis), scores.shape(axis)));
}

void CheckInnerProduct(const Arrival& arrival) {
  const caffe::InnerProductParameter& param = arrival.layer.inner_product_param();
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  const int axis = AxisOf(bottom, param.axis());
  if (axis >= 0) RequireCountable(arrival.layer, "weights", Times(param.num_output(), Extent(bottom, axis, bottom.num_axes())));
}

// Caffe divides by the number of labels.
void CheckLabelCount(const Arrival& arrival) {
  if (arrival.bottoms[1]->count() > 0) return;
  throw Misshapen(arrival.layer, "gets labels without a shape", "Give the Input layer of the labels a shape.");
}

void CheckLstmUnit(const Arrival& arrival) {
  const caffe::Blob<float>& cells = *arrival.bottoms[0];
  if (cells.num_axes() == 3) RequireCountable(arrival.layer, "gates", Times(4, cells.shape(2)));
}

// Its slopes are made for the channels of the set-up.
void CheckPRelu(const Arrival& arrival) {
  const int slopes = arrival.count_of_parameter;
  if (slopes == 0 || arrival.layer.prelu_param().channel_shared() || arrival.bottoms[0]->num_axes() < 2) return;
  if (arrival.bottoms[0]->shape(1) == slopes) return;
  throw Misshapen(arrival.layer,
                  "has slopes for " + Text(slopes) + " channels; its bottom has " + Text(arrival.bottoms[0]->shape(1)));
}

// Caffe unrolls the sequence into a net with several layers for each step.
void CheckRecurrent(const Arrival& arrival) {
  constexpr int kMostSteps = 10000;
  if (arrival.bottoms[0]->num_axes() == 0 || arrival.bottoms[0]->shape(0) <= kMostSteps) return;
  throw Misshapen(
      arrival.layer,
      "gets a sequence of " + Text(arrival.bottoms[0]->shape(0)) + " steps; at most " + Text(kMostSteps) + " can be unrolled",
      "Cut the sequence into shorter ones, with cont: 1 where one goes on.");
}

// To infer an extent, Caffe divides by the product of the others, in int.
void CheckReshape(const Arrival& arrival) {
  const caffe::ReshapeParameter& param = arrival.layer.reshape_param();
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  const int axes = bottom.num_axes();
  const int first = param.axis() < 0 ? param.axis() + axes + 1 : param.axis();
  if (first < 0 || first > axes || param.num_axes() < -1) return;  // Caffe's own CHECK is about to say so
  const int end = param.num_axes() == -1 ? axes : first + param.num_axes();
  if (end > axes) return;
  std::int64_t product = Times(Extent(bottom, 0, first), Extent(bottom, end, axes));
  for (int i = 0; i < param.shape().dim_size(); ++i) {
    const std::int64_t extent = param.shape().dim(i);
    if (extent > 0) product = Times(product, extent);
    if (extent == 0 && first + i < axes) product = Times(product, bottom.shape(first + i));
  }
  if (product >= 1) RequireCountable(arrival.layer, "a top", product);
}

void CheckTile(const Arrival& arrival) {
  RequireCountable(arrival.layer, "a top", Times(arrival.bottoms[0]->count(), arrival.layer.tile_param().tiles()));
}

}  // namespace caffe_node
