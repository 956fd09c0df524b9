// Reads, decodes and transforms the batches of a Data layer, without Caffe's layers or threads.
#ifndef CAFFE_NODE_LAYERS_BATCH_READER_H_
#define CAFFE_NODE_LAYERS_BATCH_READER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "../database.h"
#include "../failure.h"
#include "../pixel_transform.h"
#include "datum_image.h"
#include "item_order.h"

namespace caffe_node {

struct BatchSettings {
  int batch_size = 0;
  PixelTransform transform;
  Colour colour = Colour::kAsStored;
  bool random_crop = false;
  bool random_mirror = false;
  bool shuffle = false;
  std::uint32_t rand_skip = 0;  // up to so many items are left out at the start
};

struct Batch {
  std::vector<int> shape;  // N, C, H, W
  std::vector<float> data;
  std::vector<float> labels;
};

// For one thread.
class BatchReader {
 public:
  // The database must not be empty.
  BatchReader(std::shared_ptr<const Database> database, BatchSettings settings, std::uint64_t seed);

  // The shape of a batch of images like the first of the database. Throws DATASET or SHAPE.
  std::vector<int> PeekShape() const;

  // Fills a batch, beginning with the given item. The images of a batch have one size; another batch may have another. Returns
  // early when `stop` is set. Throws DATASET, which names the image.
  void Read(std::uint64_t first_item, const std::atomic<bool>& stop, Batch* batch);

 private:
  void ReadItem(std::uint64_t item, int slot, Batch* batch);
  void Place(const DatumImage& image, std::uint64_t item, int slot, Batch* batch) const;
  Window WindowOf(const ImageSize& size, std::uint64_t item) const;
  Failure InImage(const Failure& failure, std::size_t position) const;

  const std::shared_ptr<const Database> database_;
  const BatchSettings settings_;
  const std::uint64_t seed_;
  const std::uint64_t skipped_;
  ItemOrder order_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_BATCH_READER_H_
