// Prepares batches ahead of their use, on threads of its own: one at first, and one more whenever the next batch is waited for,
// so that there are as many as it takes to keep up.
#ifndef CAFFE_NODE_LAYERS_PREFETCHER_H_
#define CAFFE_NODE_LAYERS_PREFETCHER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "batch_reader.h"

namespace caffe_node {

// At most so much is done ahead.
struct PrefetchLimits {
  std::size_t depth;    // batches that lie ready or are in work
  std::size_t threads;  // that prepare them
};

// Used by one thread, which takes the batches.
class Prefetcher {
 public:
  // Fills the batch of this number, from 0, whose memory may have been used before. Returns early when `stop` is set.
  using Produce = std::function<void(std::uint64_t number, const std::atomic<bool>& stop, Batch* batch)>;

  // Calls `make_producer` for each thread it begins, on the thread that takes.
  Prefetcher(PrefetchLimits limits, std::function<Produce()> make_producer);
  // Waits for the end of the images in work, at most.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // Exchanges a spent batch for the next in order; waits when it is not ready. When a producer has thrown, throws the same in
  // place of the batch that failed and ever after.
  void Take(Batch* batch);

 private:
  void AddThread();
  void Work(const Produce& produce);
  std::optional<std::uint64_t> Claim(Batch* batch);
  void Deliver(std::uint64_t number, Batch batch);
  void Fail(std::uint64_t number, std::exception_ptr failure);

  const PrefetchLimits limits_;
  const std::function<Produce()> make_producer_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t claimed_ = 0;  // batches that a thread has begun
  std::uint64_t taken_ = 0;
  std::map<std::uint64_t, Batch> ready_;
  std::vector<Batch> spent_;  // kept for their memory
  std::map<std::uint64_t, std::exception_ptr> failures_;
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_PREFETCHER_H_
