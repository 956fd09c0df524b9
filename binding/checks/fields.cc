#include "fields.h"

#include <initializer_list>
#include <map>
#include <string>

#include "../layers/mean_file.h"
#include "numbers.h"
#include "refusal.h"

namespace caffe_node {

namespace {

using Layer = caffe::LayerParameter;

constexpr int kMostAxes = 32;  // caffe::kMaxBlobAxes

// ---- what several types share --------------------------------------------------------------------------------------------

void RequirePositive(const Layer& layer, const char* field, std::int64_t value) {
  if (value < 1) throw Refused(layer, std::string(field) + ": " + std::to_string(value), "at least 1 is needed");
}

void RequireOutputs(const Layer& layer, bool given, std::int64_t count, const std::string& field) {
  if (given && count > 0) return;
  throw Refused(layer, given ? "num_output: " + std::to_string(count) : "no num_output", "it needs the number of its outputs",
                "Set " + field + ".num_output; prototxt.retarget does it for classification heads.");
}

// How many values extents make, at most one more than Caffe can count.
std::int64_t CountOf(const Layer& layer, std::initializer_list<std::int64_t> extents, std::int64_t count = 1) {
  for (const std::int64_t extent : extents) {
    RequirePositive(layer, "dim", extent);
    if (extent > kMostInt / count) {
      throw Refused(layer, "a blob of 2^31 values or more", "Caffe counts to " + std::to_string(kMostInt),
                    "Use smaller extents or a smaller batch.");
    }
    count *= extent;
  }
  return count;
}

void CheckExtents(const Layer& layer, const caffe::BlobShape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape.dim()) count = CountOf(layer, {extent}, count);
}

void CheckAxes(const Layer& layer, int num_axes) {
  if (num_axes > kMostAxes) throw Refused(layer, "num_axes: " + std::to_string(num_axes), "a blob has at most 32 axes");
}

// ---- one type each, in alphabetical order ----------------------------------------------------------------------------------

void CheckAccuracy(const Layer& layer) { RequirePositive(layer, "top_k", layer.accuracy_param().top_k()); }

void CheckBias(const Layer& layer) { CheckAxes(layer, layer.bias_param().num_axes()); }

// What Convolution, Deconvolution and Im2col share.
void CheckWindows(const Layer& layer) {
  const caffe::ConvolutionParameter& param = layer.convolution_param();
  // The one that is not given counts as 0.
  if ((param.has_stride_h() || param.has_stride_w()) && (param.stride_h() == 0 || param.stride_w() == 0)) {
    throw Refused(layer, "stride_h: " + std::to_string(param.stride_h()) + " and stride_w: " + std::to_string(param.stride_w()),
                  "both must be given, and at least 1");
  }
  for (const auto stride : param.stride()) RequirePositive(layer, "stride", stride);
  for (const auto dilation : param.dilation()) RequirePositive(layer, "dilation", dilation);
  for (const auto kernel : param.kernel_size()) RequirePositive(layer, "kernel_size", kernel);
}

void CheckConvolution(const Layer& layer) {
  const caffe::ConvolutionParameter& param = layer.convolution_param();
  RequireOutputs(layer, param.has_num_output(), param.num_output(), "convolution_param");
  RequirePositive(layer, "group", param.group());
  CheckWindows(layer);
}

void CheckDropout(const Layer& layer) {
  const float ratio = layer.dropout_param().dropout_ratio();
  if (ratio >= 0 && ratio < 1) return;
  throw Refused(layer, "dropout_ratio: " + std::to_string(ratio), "it must be at least 0 and below 1");
}

void CheckDummyData(const Layer& layer) {
  const caffe::DummyDataParameter& param = layer.dummy_data_param();
  for (const caffe::BlobShape& shape : param.shape()) CheckExtents(layer, shape);
  for (const auto number : param.num()) RequirePositive(layer, "num", number);
  for (const auto number : param.channels()) RequirePositive(layer, "channels", number);
  for (const auto number : param.height()) RequirePositive(layer, "height", number);
  for (const auto number : param.width()) RequirePositive(layer, "width", number);
}

void CheckEmbed(const Layer& layer) {
  const caffe::EmbedParameter& param = layer.embed_param();
  RequireOutputs(layer, param.has_num_output(), param.num_output(), "embed_param");
  RequirePositive(layer, "input_dim", param.input_dim());
}

void CheckHdf5Data(const Layer& layer) {
  const caffe::HDF5DataParameter& param = layer.hdf5_data_param();
  if (param.source().empty()) {
    throw Refused(layer, "no source", "it needs a text file that lists HDF5 files", "Set hdf5_data_param.source.");
  }
  RequirePositive(layer, "batch_size", param.batch_size());
}

void CheckHdf5Output(const Layer& layer) {
  if (!layer.hdf5_output_param().file_name().empty()) return;
  throw Refused(layer, "no file_name", "it needs the name of the file to write", "Set hdf5_output_param.file_name.");
}

void CheckInnerProduct(const Layer& layer) {
  const caffe::InnerProductParameter& param = layer.inner_product_param();
  RequireOutputs(layer, param.has_num_output(), param.num_output(), "inner_product_param");
}

void CheckInput(const Layer& layer) {
  for (const caffe::BlobShape& shape : layer.input_param().shape()) CheckExtents(layer, shape);
}

// Caffe loops over the window, whatever the number of channels.
void CheckLrn(const Layer& layer) {
  constexpr int kMostChannels = 65535;
  const auto size = layer.lrn_param().local_size();
  if (size % 2 == 1 && size <= kMostChannels) return;
  throw Refused(layer, "local_size: " + std::to_string(size),
                "an odd number up to " + std::to_string(kMostChannels) + " is needed");
}

void CheckMemoryData(const Layer& layer) {
  const caffe::MemoryDataParameter& param = layer.memory_data_param();
  CountOf(layer, {param.batch_size(), param.channels(), param.height(), param.width()});
  if (layer.transform_param().has_mean_file()) static_cast<void>(ReadMeanFile(layer.transform_param().mean_file()));
}

void CheckParameter(const Layer& layer) { CheckExtents(layer, layer.parameter_param().shape()); }

void CheckPooling(const Layer& layer) {
  const caffe::PoolingParameter& param = layer.pooling_param();
  if (param.has_stride()) RequirePositive(layer, "stride", param.stride());
  if (param.has_stride_h()) RequirePositive(layer, "stride_h", param.stride_h());
  if (param.has_stride_w()) RequirePositive(layer, "stride_w", param.stride_w());
}

// An LSTM multiplies the number by 4.
void CheckRecurrent(const Layer& layer) {
  const caffe::RecurrentParameter& param = layer.recurrent_param();
  RequireOutputs(layer, param.has_num_output(), param.num_output(), "recurrent_param");
  if (param.num_output() <= kMostInt / 4) return;
  throw Refused(layer, "num_output: " + std::to_string(param.num_output()), "at most " + std::to_string(kMostInt / 4) + " fit");
}

void CheckReshape(const Layer& layer) {
  const caffe::ReshapeParameter& param = layer.reshape_param();
  CheckAxes(layer, param.num_axes());
  for (const std::int64_t extent : param.shape().dim()) {
    if (extent >= -1 && extent <= kMostInt) continue;
    throw Refused(layer, "dim: " + std::to_string(extent), "an extent, 0 (copy the bottom's) or -1 (infer it) is needed");
  }
}

void CheckScale(const Layer& layer) { CheckAxes(layer, layer.scale_param().num_axes()); }

// Level n of the pyramid has 2^n bins in each direction.
void CheckSpp(const Layer& layer) {
  constexpr int kMostLevels = 31;
  const auto height = layer.spp_param().pyramid_height();
  if (height >= 1 && height <= kMostLevels) return;
  throw Refused(layer, "pyramid_height: " + std::to_string(height),
                "a number from 1 to " + std::to_string(kMostLevels) + " is needed");
}

void CheckTile(const Layer& layer) { RequirePositive(layer, "tiles", layer.tile_param().tiles()); }

const std::map<std::string, void (*)(const Layer&)>& Checks() {
  static const std::map<std::string, void (*)(const Layer&)> checks{
      {"Accuracy", CheckAccuracy},
      {"Bias", CheckBias},
      {"Convolution", CheckConvolution},
      {"Deconvolution", CheckConvolution},
      {"Dropout", CheckDropout},
      {"DummyData", CheckDummyData},
      {"Embed", CheckEmbed},
      {"HDF5Data", CheckHdf5Data},
      {"HDF5Output", CheckHdf5Output},
      {"Im2col", CheckWindows},
      {"InnerProduct", CheckInnerProduct},
      {"Input", CheckInput},
      {"LRN", CheckLrn},
      {"LSTM", CheckRecurrent},
      {"MemoryData", CheckMemoryData},
      {"Parameter", CheckParameter},
      {"Pooling", CheckPooling},
      {"RNN", CheckRecurrent},
      {"Reshape", CheckReshape},
      {"SPP", CheckSpp},
      {"Scale", CheckScale},
      {"Tile", CheckTile},
  };
  return checks;
}

}  // namespace

void CheckFields(const Layer& layer) {
  CheckNumbers(layer);
  const auto check = Checks().find(layer.type());
  if (check != Checks().end()) check->second(layer);
}

}  // namespace caffe_node
