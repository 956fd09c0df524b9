// The mean image of a database that exists already, as compute_image_mean makes it: NativeImageMean of lib/native.ts.
#ifndef CAFFE_NODE_DATABASE_MEAN_H_
#define CAFFE_NODE_DATABASE_MEAN_H_

#include <napi.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "convert.h"
#include "database.h"
#include "executor.h"

namespace caffe_node {

// Reads one entry at a time, whatever the number of entries. Used by one thread at a time.
class DatabaseMean {
 public:
  explicit DatabaseMean(const std::string& path);

  std::size_t count() const { return database_->size(); }
  // Adds up to `count` further entries; encoded ones are decoded. Returns how many there are so far. Throws DATASET for an entry
  // that is no image, or one of another size, by its key.
  std::size_t Add(std::size_t count, const StopFlag& stop);
  // Planes of shape [1, C, H, W] in the order of the database (encoded images: BGR). Throws DATASET when nothing was added.
  TensorData Mean() const;

 private:
  void AddDatum(const caffe::Datum& datum);
  void RequireSize(int channels, int height, int width, std::size_t samples);

  const std::shared_ptr<Database> database_;
  std::size_t next_ = 0;
  int channels_ = 0;
  int height_ = 0;
  int width_ = 0;
  // Bytes add up exactly in a double: the tool's floats lose digits from 2^24 on.
  std::vector<double> sums_;
};

// openImageMean(path).
void RegisterDatabaseMean(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_DATABASE_MEAN_H_
