// Prepares batches ahead of their use, on a thread of its own.
#ifndef CAFFE_NODE_LAYERS_PREFETCHER_H_
#define CAFFE_NODE_LAYERS_PREFETCHER_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "batch_reader.h"

namespace caffe_node {

class Prefetcher {
 public:
  // Fills the next batch, whose memory may have been used before. Returns early when `stop` is set.
  using Produce = std::function<void(const std::atomic<bool>& stop, Batch* batch)>;

  // Calls `produce` on its thread, from now on, so that up to `depth` batches lie ready.
  Prefetcher(std::size_t depth, Produce produce);
  // Waits for the end of the image in work, at most.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  // Exchanges a spent batch for the next; waits when there is none. When `produce` has thrown, throws the same in place of the
  // batch that failed and ever after.
  void Take(Batch* batch);

 private:
  void Work();
  bool WaitForRoom(Batch* batch);
  void Deliver(Batch batch);

  const std::size_t depth_;
  const Produce produce_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::vector<Batch> spent_;  // kept for their memory
  std::exception_ptr failure_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_PREFETCHER_H_
