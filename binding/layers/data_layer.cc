#include "data_layer.h"

#include <omp.h>

#include <algorithm>
#include <caffe/util/math_functions.hpp>
#include <chrono>
#include <utility>

#include "../failure.h"

namespace caffe_node {

namespace {

// Batches that lie ready take this much memory at most; one lies ready in any case.
constexpr std::size_t kMostPrefetchedBytes = std::size_t{256} << 20;

std::shared_ptr<const Database> OpenDatabase(const std::string& path) {
  std::shared_ptr<const Database> database = Database::Open(path);
  if (database->size() > 0) return database;
  FailureDetails details;
  details.file = path;
  details.hint = "Fill it first, e.g. with createDataset.";
  throw Failure("DATASET", "The dataset '" + path + "' is empty.", std::move(details));
}

// Takes as many numbers from Caffe's generator as the stock layer does, so that the fillers of the layers above start from the
// same weights for the same seed.
unsigned DrawSeed(const BatchSettings& settings) {
  const unsigned seed = caffe::caffe_rng_rand();
  if (settings.random_mirror || settings.random_crop) caffe::caffe_rng_rand();
  return seed;
}

}  // namespace

void DataLayer::LayerSetUp(const std::vector<caffe::Blob<float>*>&, const std::vector<caffe::Blob<float>*>&) {
  try {
    settings_ = ReadDataSettings(layer_param_, phase_);
    database_ = OpenDatabase(settings_.source);
    seed_ = DrawSeed(settings_.batches);
    top_shape_ = BatchReader(database_, settings_.batches, seed_).PeekShape();
  } catch (const Failure& failure) {
    throw InLayer(failure, layer_param_.name());
  }
}

void DataLayer::Reshape(const std::vector<caffe::Blob<float>*>&, const std::vector<caffe::Blob<float>*>& top) {
  top[0]->Reshape(top_shape_);
  if (top.size() > 1) top[1]->Reshape({settings_.batches.batch_size});
}

void DataLayer::Rewind(std::uint64_t item) {
  prefetcher_.reset();
  cursor_ = item;
}

void DataLayer::SetSeed(unsigned seed) {
  prefetcher_.reset();
  seed_ = seed;
}

void DataLayer::Forward_cpu(const std::vector<caffe::Blob<float>*>&, const std::vector<caffe::Blob<float>*>& top) {
  Take();
  top[0]->Reshape(batch_.shape);
  std::copy(batch_.data.begin(), batch_.data.end(), top[0]->mutable_cpu_data());
  if (top.size() > 1) std::copy(batch_.labels.begin(), batch_.labels.end(), top[1]->mutable_cpu_data());
}

// Moves the cursor behind the batch also when it fails: a caller that goes on is not held up by the same image for ever.
void DataLayer::Take() {
  if (!prefetcher_) StartPrefetching();
  const std::uint64_t next = cursor_ + static_cast<std::uint64_t>(settings_.batches.batch_size);
  try {
    AwaitBatch();
  } catch (...) {
    Rewind(next);
    throw;
  }
  cursor_ = next;
}

void DataLayer::AwaitBatch() {
  const auto since = std::chrono::steady_clock::now();
  prefetcher_->Take(&batch_);
  seconds_waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
}

// Each thread has a reader of its own, and as many threads may decode as compute: while a batch is waited for, nothing else does.
void DataLayer::StartPrefetching() {
  const auto make_producer = [this, first = cursor_]() -> Prefetcher::Produce {
    const auto reader = std::make_shared<BatchReader>(database_, settings_.batches, seed_);
    const auto batch_size = static_cast<std::uint64_t>(settings_.batches.batch_size);
    return [reader, first, batch_size](std::uint64_t number, const std::atomic<bool>& stop, Batch* batch) {
      reader->Read(first + number * batch_size, stop, batch);
    };
  };
  const PrefetchLimits limits{PrefetchDepth(), static_cast<std::size_t>(omp_get_max_threads())};
  prefetcher_ = std::make_unique<Prefetcher>(limits, make_producer);
}

std::size_t DataLayer::PrefetchDepth() const {
  std::size_t bytes = sizeof(float);
  for (const int extent : top_shape_) bytes *= static_cast<std::size_t>(extent);
  return std::clamp<std::size_t>(kMostPrefetchedBytes / bytes, 1, settings_.prefetch);
}

double SecondsWaited(const caffe::Net<float>& net) {
  double seconds = 0;
  for (const auto& layer : net.layers()) {
    if (const auto* const data = dynamic_cast<const DataLayer*>(layer.get())) seconds += data->seconds_waited();
  }
  return seconds;
}

}  // namespace caffe_node
