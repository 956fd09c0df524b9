#include "prefetcher.h"

#include <algorithm>
#include <utility>

namespace caffe_node {

Prefetcher::Prefetcher(PrefetchLimits limits, std::function<Produce()> make_producer)
    : limits_(limits), make_producer_(std::move(make_producer)) {
  AddThread();
}

Prefetcher::~Prefetcher() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_.store(true);
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Prefetcher::AddThread() {
  threads_.emplace_back([this, produce = make_producer_()] { Work(produce); });
}

void Prefetcher::Take(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto is_there = [this] { return ready_.count(taken_) > 0 || failures_.count(taken_) > 0; };
  // The first batch is always waited for, which says nothing.
  if (!is_there() && taken_ > 0 && threads_.size() < std::min(limits_.threads, limits_.depth)) AddThread();
  changed_.wait(lock, is_there);
  const auto failure = failures_.find(taken_);
  if (failure != failures_.end()) std::rethrow_exception(failure->second);
  auto next = ready_.extract(taken_++);
  std::swap(*batch, next.mapped());
  spent_.push_back(std::move(next.mapped()));
  lock.unlock();
  changed_.notify_all();
}

void Prefetcher::Work(const Produce& produce) {
  Batch batch;
  while (const std::optional<std::uint64_t> number = Claim(&batch)) {
    // An exception must not leave the thread: it is kept for whoever takes the batch.
    try {
      produce(*number, stop_, &batch);
      Deliver(*number, std::move(batch));
    } catch (...) {
      Fail(*number, std::current_exception());
    }
  }
}

// The number of the next batch, and memory for it; none when the end has come. Nothing is begun behind a batch that failed; those
// before it are finished.
std::optional<std::uint64_t> Prefetcher::Claim(Batch* batch) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return claimed_ - taken_ < limits_.depth || stop_.load(); });
  if (stop_.load() || !failures_.empty()) return std::nullopt;
  if (!spent_.empty()) {
    *batch = std::move(spent_.back());
    spent_.pop_back();
  }
  return claimed_++;
}

void Prefetcher::Deliver(std::uint64_t number, Batch batch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  ready_.emplace(number, std::move(batch));
  changed_.notify_all();
}

void Prefetcher::Fail(std::uint64_t number, std::exception_ptr failure) {
  const std::lock_guard<std::mutex> lock(mutex_);
  failures_.emplace(number, std::move(failure));
  changed_.notify_all();
}

}  // namespace caffe_node
