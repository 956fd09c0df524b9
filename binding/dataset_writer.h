// A new dataset: images become Datums in an LMDB, and their mean is kept.
#ifndef CAFFE_NODE_DATASET_WRITER_H_
#define CAFFE_NODE_DATASET_WRITER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "convert.h"
#include "executor.h"
#include "lmdb_environment.h"
#include "mean.h"

namespace caffe_node {

struct DatasetItem {
  std::string key;
  int label = 0;
  int height = 0;
  int width = 0;
  int channels = 0;
  std::vector<std::uint8_t> pixels;                  // interleaved RGB or grey
  std::optional<std::vector<std::uint8_t>> encoded;  // the file to store in place of the pixels
  std::optional<std::vector<float>> floats;          // planes to store in place of the pixels: features
};

// Used by one thread at a time.
class DatasetWriter {
 public:
  explicit DatasetWriter(const std::string& path);
  // Stores all items or, when it throws, none.
  void Put(const std::vector<DatasetItem>& items, const StopFlag& stop);
  // The same for entries of any size and kind, which do not count in the mean. Encoded ones need no pixels.
  void PutRecords(const std::vector<DatasetItem>& records, const StopFlag& stop);
  TensorData Mean() const { return mean_.Mean(); }
  // Everything is on the disk when it returns.
  void Flush() { environment_->Flush(); }

 private:
  const std::shared_ptr<LmdbEnvironment> environment_;
  MeanAccumulator mean_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_DATASET_WRITER_H_
