#include "dataset_writer.h"

#include <caffe/proto/caffe.pb.h>

#include <cstddef>
#include <utility>

#include "failure.h"
#include "image_decode.h"

namespace caffe_node {

namespace {

void CheckItem(const DatasetItem& item) {
  const bool is_image = item.height > 0 && item.width > 0 && (item.channels == 1 || item.channels == 3);
  const std::size_t count = is_image ? static_cast<std::size_t>(item.height) * static_cast<std::size_t>(item.width) *
                                           static_cast<std::size_t>(item.channels)
                                     : 0;
  if (!is_image || item.pixels.size() != count) {
    throw Failure("INPUT", "The item '" + item.key + "' has " + std::to_string(item.pixels.size()) +
                               " bytes of pixels for height " + std::to_string(item.height) + ", width " +
                               std::to_string(item.width) + " and " + std::to_string(item.channels) +
                               " channels; 1 or 3 channels are possible.");
  }
}

void CheckFloats(const DatasetItem& item) {
  const bool positive = item.channels > 0 && item.height > 0 && item.width > 0;
  const double count = static_cast<double>(item.channels) * static_cast<double>(item.height) * static_cast<double>(item.width);
  if (positive && static_cast<double>(item.floats->size()) == count) return;
  throw Failure("INPUT", "The item '" + item.key + "' has " + std::to_string(item.floats->size()) + " values for " +
                             std::to_string(item.channels) + " channels, height " + std::to_string(item.height) + " and width " +
                             std::to_string(item.width) + ".");
}

void CheckRecord(const DatasetItem& record) {
  if (record.floats) {
    CheckFloats(record);
  } else if (!record.encoded) {
    CheckItem(record);
  }
}

caffe::Datum ToDatum(const DatasetItem& item) {
  caffe::Datum datum;
  datum.set_channels(item.channels);
  datum.set_height(item.height);
  datum.set_width(item.width);
  datum.set_label(item.label);
  datum.set_encoded(item.encoded.has_value());
  if (item.floats) {
    datum.mutable_float_data()->Add(item.floats->begin(), item.floats->end());
    return datum;
  }
  const std::vector<std::uint8_t> bytes = item.encoded ? *item.encoded : BgrPlanes(item.pixels, item.channels);
  datum.set_data(bytes.data(), bytes.size());
  return datum;
}

}  // namespace

DatasetWriter::DatasetWriter(const std::string& path) : environment_(LmdbEnvironment::Create(path)) {}

void DatasetWriter::Put(const std::vector<DatasetItem>& items, const StopFlag& stop) {
  MeanAccumulator mean = mean_;  // becomes ours only when the images are stored
  std::vector<LmdbEnvironment::Entry> entries;
  for (const DatasetItem& item : items) {
    stop.Check();
    CheckItem(item);
    mean.RequireSize(item.height, item.width, item.channels);
    mean.Add(item.pixels);
    entries.push_back({item.key, ToDatum(item).SerializeAsString()});
  }
  environment_->Put(entries);
  mean_ = std::move(mean);
}

void DatasetWriter::PutRecords(const std::vector<DatasetItem>& records, const StopFlag& stop) {
  std::vector<LmdbEnvironment::Entry> entries;
  for (const DatasetItem& record : records) {
    stop.Check();
    CheckRecord(record);
    entries.push_back({record.key, ToDatum(record).SerializeAsString()});
  }
  environment_->Put(entries);
}

}  // namespace caffe_node
