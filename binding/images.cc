#include "images.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "frame.h"
#include "function_job.h"
#include "image_decode.h"
#include "pixel_transform.h"
#include "resize.h"
#include "transformer.h"

namespace caffe_node {

namespace {

Napi::Object ToJs(Napi::Env env, const Pixels& image) {
  Napi::Uint8Array pixels = Napi::Uint8Array::New(env, image.data.size());
  std::copy(image.data.begin(), image.data.end(), pixels.Data());
  Napi::Object object = Napi::Object::New(env);
  object.Set("height", image.height);
  object.Set("width", image.width);
  object.Set("channels", image.channels);
  object.Set("pixels", pixels);
  return object;
}

// How the results of jobs become JS values.
Napi::Value TensorToJs(Napi::Env env, TensorData tensor) { return ToJs(env, std::move(tensor)); }
Napi::Value PixelsToJs(Napi::Env env, const Pixels& image) { return ToJs(env, image); }

std::vector<TensorData> ToTensors(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Failure("INPUT", std::string(what) + " must be an array of tensors.");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<TensorData> tensors;
  for (uint32_t i = 0; i < array.Length(); ++i) tensors.push_back(ToTensor(array.Get(i), what));
  return tensors;
}

std::vector<float> ToNumbers(const Napi::Value& value, const char* what) {
  if (!value.IsArray()) throw Failure("INPUT", std::string(what) + " must be an array of numbers.");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<float> numbers;
  for (uint32_t i = 0; i < array.Length(); ++i) numbers.push_back(static_cast<float>(ToDouble(array.Get(i), what)));
  return numbers;
}

// [height, width].
std::pair<int, int> ToSize(const Napi::Value& value, const char* what) {
  const std::vector<int> size = ToInts(value, what);
  if (size.size() != 2 || size[0] < 1 || size[1] < 1) {
    throw Failure("INPUT", std::string(what) + " must be [height, width], each at least 1.");
  }
  return {size[0], size[1]};
}

Pixels ToPixels(const Napi::Value& value) {
  const Napi::Object object = ToObject(value, "An image");
  const int height = ToInt(Property(object, "height"), "The height");
  const int width = ToInt(Property(object, "width"), "The width");
  Pixels image;
  image.channels = ToInt(Property(object, "channels"), "The number of channels");
  image.data = ToBytes(Property(object, "pixels"), "The pixels");
  const bool sane =
      height > 0 && width > 0 && static_cast<std::uint64_t>(width) <= kMostPixels / static_cast<std::uint64_t>(height);
  if (!sane || (image.channels != 1 && image.channels != 3) ||
      image.data.size() !=
          static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * static_cast<std::size_t>(image.channels)) {
    throw Failure("INPUT", "An image of " + std::to_string(height) + "×" + std::to_string(width) + " pixels with " +
                               std::to_string(image.channels) + " channels does not fit its " +
                               std::to_string(image.data.size()) + " bytes; 1 and 3 channels are possible.");
  }
  image.height = height;
  image.width = width;
  return image;
}

MeanImage ToMeanImage(const Napi::Value& value) {
  TensorData tensor = ToTensor(value, "The mean image");
  while (tensor.shape.size() > 3 && tensor.shape[0] == 1) tensor.shape.erase(tensor.shape.begin());
  if (tensor.shape.size() != 3 || tensor.data.empty()) throw Failure("INPUT", "The mean image must have the shape [1, C, H, W].");
  return {tensor.shape[0], tensor.shape[1], tensor.shape[2], std::move(tensor.data)};
}

PixelTransform ToTransform(const Napi::Object& object) {
  PixelTransform transform;
  transform.crop = ToInt(Property(object, "crop"), "The crop");
  if (transform.crop < 0) throw Failure("INPUT", "The crop must not be negative.");
  transform.scale = static_cast<float>(ToDouble(Property(object, "scale"), "The scale"));
  transform.mean_values = ToNumbers(Property(object, "meanValues"), "The mean values");
  if (Has(object, "meanImage")) transform.mean_image = ToMeanImage(Property(object, "meanImage"));
  if (!transform.mean_image.values.empty() && !transform.mean_values.empty()) {
    throw Failure("INPUT", "There are both mean values and a mean image; give one of the two.");
  }
  return transform;
}

TransformerSpec ToSpec(const Napi::Value& value) {
  const Napi::Object object = ToObject(value, "A transformer");
  TransformerSpec spec;
  std::tie(spec.height, spec.width) = ToSize(Property(object, "size"), "The size of the input");
  if (Has(object, "transpose")) spec.transpose = ToInts(Property(object, "transpose"), "transpose");
  if (Has(object, "channelSwap")) spec.channel_swap = ToInts(Property(object, "channelSwap"), "channelSwap");
  if (Has(object, "rawScale")) spec.raw_scale = static_cast<float>(ToDouble(Property(object, "rawScale"), "rawScale"));
  if (Has(object, "mean")) spec.mean = ToTensor(Property(object, "mean"), "The mean");
  if (Has(object, "inputScale")) spec.input_scale = static_cast<float>(ToDouble(Property(object, "inputScale"), "inputScale"));
  return spec;
}

// The centre of each image, or ten windows of each, as one batch. The images have one size.
TensorData TransformAll(const std::vector<Pixels>& images, const PixelTransform& transform, bool oversample) {
  if (images.empty()) throw Failure("INPUT", "There is no image to transform.");
  const ImageSize size{images[0].channels, images[0].height, images[0].width};
  CheckTransform(transform, size);
  const std::vector<Window> windows =
      oversample ? OversampledWindows(transform, size) : std::vector<Window>{CentreWindow(transform, size)};
  const std::size_t values = static_cast<std::size_t>(size.channels) * static_cast<std::size_t>(windows[0].height) *
                             static_cast<std::size_t>(windows[0].width);
  TensorData batch;
  batch.shape = {static_cast<int>(images.size() * windows.size()), size.channels, windows[0].height, windows[0].width};
  batch.data.resize(images.size() * windows.size() * values);
  float* out = batch.data.data();
  for (std::size_t i = 0; i < images.size(); ++i) {
    const Pixels& image = images[i];
    if (!(ImageSize{image.channels, image.height, image.width} == size)) {
      throw Failure("SHAPE",
                    "Image " + std::to_string(i) + " differs from image 0 in its size or its channels; a batch has one shape.");
    }
    for (const Window& window : windows) {
      TransformPixels(image, transform, window, out);
      out += values;
    }
  }
  return batch;
}

Napi::Value TransformPixelsJob(const Napi::CallbackInfo& info) {
  if (!info[0].IsArray()) throw Failure("INPUT", "The images must be an array.");
  const Napi::Array array = info[0].As<Napi::Array>();
  std::vector<Pixels> images;
  for (uint32_t i = 0; i < array.Length(); ++i) images.push_back(ToPixels(array.Get(i)));
  PixelTransform transform = ToTransform(ToObject(info[1], "A transform"));
  const bool oversample = !info[2].IsUndefined() && ToBool(info[2], "oversample");
  auto work = [images = std::move(images), transform = std::move(transform), oversample] {
    return TransformAll(images, transform, oversample);
  };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

std::string_view AsText(const std::vector<std::uint8_t>& bytes) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Napi::Value DecodeImageJob(const Napi::CallbackInfo& info) {
  return PostToFileLane(
      info.Env(), [file = ToBytes(info[0], "An image")] { return DecodeImage(AsText(file)); }, PixelsToJs);
}

Napi::Value DecodePlanesJob(const Napi::CallbackInfo& info) {
  auto work = [file = ToBytes(info[0], "An image")] {
    Pixels image = DecodeImage(AsText(file));
    image.data = BgrPlanes(image.data, image.channels);
    return image;
  };
  return PostToFileLane(info.Env(), std::move(work), PixelsToJs);
}

Napi::Value FrameImageJob(const Napi::CallbackInfo& info) {
  const bool colour = ToBool(info[1], "The choice of colour");
  if (!info[2].IsUndefined()) {
    const auto [height, width] = ToSize(info[2], "The size");
    auto work = [frame = ToFrame(info[0]), colour, height = height, width = width] {
      return ResizeImage(FrameToImage(frame, colour), height, width, Interpolation::kBilinear);
    };
    return PostToFileLane(info.Env(), std::move(work), TensorToJs);
  }
  return PostToFileLane(
      info.Env(), [frame = ToFrame(info[0]), colour] { return FrameToImage(frame, colour); }, TensorToJs);
}

Napi::Value FramePixelsJob(const Napi::CallbackInfo& info) {
  return PostToFileLane(
      info.Env(), [frame = ToFrame(info[0])] { return FrameToPixels(frame); }, PixelsToJs);
}

Napi::Value PreprocessJob(const Napi::CallbackInfo& info) {
  TensorData image = ToTensor(info[0], "The image");
  auto work = [image = std::move(image), spec = ToSpec(info[1])]() mutable { return Preprocess(std::move(image), spec); };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

Napi::Value PreprocessBatchJob(const Napi::CallbackInfo& info) {
  std::vector<TensorData> images = ToTensors(info[0], "The images");
  auto work = [images = std::move(images), spec = ToSpec(info[1])]() mutable { return PreprocessBatch(std::move(images), spec); };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

Napi::Value DeprocessJob(const Napi::CallbackInfo& info) {
  TensorData input = ToTensor(info[0], "The tensor");
  auto work = [input = std::move(input), spec = ToSpec(info[1])]() mutable { return Deprocess(std::move(input), spec); };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

Napi::Value ResizeJob(const Napi::CallbackInfo& info) {
  TensorData image = ToTensor(info[0], "The image");
  const auto [height, width] = ToSize(info[1], "The size");
  const int order = ToInt(info[2], "The order");
  if (order != 0 && order != 1) throw Failure("INPUT", "The order must be 0 (nearest) or 1 (bilinear).");
  const auto interpolation = static_cast<Interpolation>(order);
  auto work = [image = std::move(image), height = height, width = width, interpolation] {
    return ResizeImage(image, height, width, interpolation);
  };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

Napi::Value OversampleJob(const Napi::CallbackInfo& info) {
  std::vector<TensorData> images = ToTensors(info[0], "The images");
  const auto [height, width] = ToSize(info[1], "The crop");
  auto work = [images = std::move(images), height = height, width = width] { return Oversample(images, height, width); };
  return PostToFileLane(info.Env(), std::move(work), TensorToJs);
}

void Export(Napi::Object exports, const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
  const auto guarded = [function](const Napi::CallbackInfo& info) { return Guarded(info.Env(), [&] { return function(info); }); };
  exports.Set(name, Napi::Function::New(exports.Env(), guarded, name));
}

}  // namespace

void RegisterImages(Napi::Env, Napi::Object exports) {
  Export(exports, "transformPixels", TransformPixelsJob);
  Export(exports, "decodeImage", DecodeImageJob);
  Export(exports, "decodePlanes", DecodePlanesJob);
  Export(exports, "frameImage", FrameImageJob);
  Export(exports, "framePixels", FramePixelsJob);
  Export(exports, "preprocess", PreprocessJob);
  Export(exports, "preprocessBatch", PreprocessBatchJob);
  Export(exports, "deprocess", DeprocessJob);
  Export(exports, "resize", ResizeJob);
  Export(exports, "oversample", OversampleJob);
}

}  // namespace caffe_node
