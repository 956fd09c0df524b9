#include "batch_reader.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "../failure.h"

namespace caffe_node {

namespace {

std::string SizeText(int channels, int height, int width) {
  return std::to_string(channels) + "×" + std::to_string(height) + "×" + std::to_string(width);
}

std::size_t Product(const std::vector<int>& extents) {
  std::size_t product = 1;
  for (const int extent : extents) product *= static_cast<std::size_t>(extent);
  return product;
}

}  // namespace

BatchReader::BatchReader(std::shared_ptr<const Database> database, BatchSettings settings, std::uint64_t seed)
    : database_(std::move(database)),
      settings_(std::move(settings)),
      seed_(seed),
      skipped_(settings_.rand_skip > 0 ? Draw(seed, 0, Purpose::kSkip, settings_.rand_skip) : 0),
      order_(database_->size(), settings_.shuffle, seed) {}

std::vector<int> BatchReader::PeekShape() const {
  caffe::Datum datum;
  database_->Read(0, &datum);
  ImageSize size;
  try {
    size = DatumImage(datum, settings_.colour).size();
  } catch (const Failure& failure) {
    throw InImage(failure, 0);
  }
  CheckTransform(settings_.transform, size);
  const Window window = CentreWindow(settings_.transform, size);
  return {settings_.batch_size, size.channels, window.height, window.width};
}

void BatchReader::Read(std::uint64_t first_item, const std::atomic<bool>& stop, Batch* batch) {
  batch->labels.resize(static_cast<std::size_t>(settings_.batch_size));
  for (int slot = 0; slot < settings_.batch_size && !stop.load(); ++slot) {
    ReadItem(skipped_ + first_item + static_cast<std::uint64_t>(slot), slot, batch);
  }
}

void BatchReader::ReadItem(std::uint64_t item, int slot, Batch* batch) {
  const std::size_t position = order_.PositionOf(item);
  caffe::Datum datum;
  database_->Read(position, &datum);
  try {
    Place(DatumImage(datum, settings_.colour), item, slot, batch);
  } catch (const Failure& failure) {
    throw InImage(failure, position);
  }
  batch->labels[static_cast<std::size_t>(slot)] = static_cast<float>(datum.label());
}

void BatchReader::Place(const DatumImage& image, std::uint64_t item, int slot, Batch* batch) const {
  const ImageSize& size = image.size();
  CheckTransform(settings_.transform, size);
  const Window window = WindowOf(size, item);
  const std::vector<int> shape = {settings_.batch_size, size.channels, window.height, window.width};
  if (slot == 0) {
    batch->shape = shape;
    batch->data.resize(Product(shape));
  } else if (shape != batch->shape) {
    FailureDetails details;
    details.hint = "Resize the images to one size (createDataset does), or set a crop_size.";
    throw Failure("DATASET",
                  "It has the size " + SizeText(shape[1], shape[2], shape[3]) + " where the images before it in the batch have " +
                      SizeText(batch->shape[1], batch->shape[2], batch->shape[3]) + ".",
                  std::move(details));
  }
  const std::size_t values = batch->data.size() / static_cast<std::size_t>(settings_.batch_size);
  image.Transform(settings_.transform, window, &batch->data[static_cast<std::size_t>(slot) * values]);
}

Window BatchReader::WindowOf(const ImageSize& size, std::uint64_t item) const {
  const auto draw = [&](Purpose purpose, int limit) {
    return static_cast<int>(Draw(seed_, item, purpose, static_cast<std::uint64_t>(limit)));
  };
  Window window = CentreWindow(settings_.transform, size);
  if (settings_.random_crop) {
    window.top = draw(Purpose::kTop, size.height - window.height + 1);
    window.left = draw(Purpose::kLeft, size.width - window.width + 1);
  }
  window.mirror = settings_.random_mirror && draw(Purpose::kMirror, 2) == 1;
  return window;
}

Failure BatchReader::InImage(const Failure& failure, std::size_t position) const {
  FailureDetails details = failure.details();
  details.file = database_->path();
  return Failure("DATASET",
                 "Image '" + database_->key(position) + "' of '" + database_->path() + "' cannot be used: " + failure.what(),
                 std::move(details));
}

}  // namespace caffe_node
