#include "data_settings.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "../failure.h"
#include "mean_file.h"

namespace caffe_node {

namespace {

constexpr std::uint32_t kMostInt = std::numeric_limits<int>::max();

Failure Refused(const std::string& message, const std::string& hint) {
  FailureDetails details;
  details.hint = hint;
  return Failure("PROTOTXT", message, std::move(details));
}

void CheckData(const caffe::DataParameter& data) {
  if (data.source().empty()) throw Refused("It names no dataset.", "Set data_param.source to the folder of an LMDB.");
  if (data.backend() != caffe::DataParameter::LMDB) {
    throw Refused(data.has_backend()
                      ? "Its dataset is a LevelDB; only LMDB is supported."
                      : "It does not say in which format its dataset is, and Caffe's default is LevelDB, which is not "
                        "supported.",
                  "Write `backend: LMDB` in data_param; convert a LevelDB first.");
  }
  if (data.batch_size() == 0 || data.batch_size() > kMostInt) {
    throw Refused("Its batch size is " + std::to_string(data.batch_size()) + "; at least 1 is needed.",
                  "Set data_param.batch_size to the number of images per iteration.");
  }
}

PixelTransform ReadTransform(const caffe::TransformationParameter& param) {
  if (param.has_mean_file() && param.mean_value_size() > 0) {
    throw Refused("It has both a mean_file and mean_value.", "Keep one of the two in transform_param.");
  }
  PixelTransform transform;
  transform.crop = static_cast<int>(std::min(param.crop_size(), kMostInt));
  transform.scale = param.scale();
  transform.mean_values.assign(param.mean_value().begin(), param.mean_value().end());
  if (param.has_mean_file()) transform.mean_image = ReadMeanFile(param.mean_file());
  return transform;
}

Colour ReadColour(const caffe::LayerParameter& layer) {
  const bool colour = layer.transform_param().force_color() || layer.data_param().force_encoded_color();
  const bool grey = layer.transform_param().force_gray();
  if (colour && grey) throw Refused("It forces images to be both colour and grey.", "Keep one of force_color and force_gray.");
  if (colour) return Colour::kColour;
  return grey ? Colour::kGrey : Colour::kAsStored;
}

}  // namespace

DataSettings ReadDataSettings(const caffe::LayerParameter& layer, caffe::Phase phase) {
  const caffe::DataParameter& data = layer.data_param();
  CheckData(data);
  DataSettings settings;
  settings.source = data.source();
  settings.prefetch = std::max<std::size_t>(1, data.prefetch());
  BatchSettings& batches = settings.batches;
  batches.batch_size = static_cast<int>(data.batch_size());
  batches.transform = ReadTransform(layer.transform_param());
  batches.colour = ReadColour(layer);
  batches.random_crop = phase == caffe::TRAIN && batches.transform.crop > 0;
  batches.random_mirror = layer.transform_param().mirror();  // in both phases, as in Caffe
  batches.shuffle = layer.image_data_param().shuffle();      // data_param has no such field; stock Caffe ignores this one here
  batches.rand_skip = data.rand_skip();
  return settings;
}

}  // namespace caffe_node
