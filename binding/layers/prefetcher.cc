#include "prefetcher.h"

#include <utility>

namespace caffe_node {

Prefetcher::Prefetcher(std::size_t depth, Produce produce) : depth_(depth), produce_(std::move(produce)) {
  thread_ = std::thread([this] { Work(); });
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_.store(true);
  }
  changed_.notify_all();
  thread_.join();
}

void Prefetcher::Take(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty() || failure_; });
  if (ready_.empty()) std::rethrow_exception(failure_);
  std::swap(*batch, ready_.front());
  spent_.push_back(std::move(ready_.front()));
  ready_.pop_front();
  lock.unlock();
  changed_.notify_all();
}

// An exception must not leave the thread: it is kept for whoever takes the batch.
void Prefetcher::Work() {
  try {
    Batch batch;
    while (WaitForRoom(&batch)) {
      produce_(stop_, &batch);
      Deliver(std::move(batch));
    }
  } catch (...) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = std::current_exception();
    changed_.notify_all();
  }
}

// False when the end has come.
bool Prefetcher::WaitForRoom(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return ready_.size() < depth_ || stop_.load(); });
  if (stop_.load()) return false;
  if (!spent_.empty()) {
    *batch = std::move(spent_.back());
    spent_.pop_back();
  }
  return true;
}

void Prefetcher::Deliver(Batch batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ready_.push_back(std::move(batch));
  changed_.notify_all();
}

}  // namespace caffe_node
