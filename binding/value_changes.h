// What may have changed the values of blobs since somebody looked at them: writes that were noted, and views of JavaScript,
// through which values change unseen. Nets that share parameters share one for them.
#ifndef CAFFE_NODE_VALUE_CHANGES_H_
#define CAFFE_NODE_VALUE_CHANGES_H_

#include <atomic>
#include <boost/weak_ptr.hpp>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

#include "blob_memory.h"

namespace caffe_node {

class ValueChanges {
 public:
  ValueChanges() = default;
  ValueChanges(const ValueChanges&) = delete;
  ValueChanges& operator=(const ValueChanges&) = delete;

  // All functions may be called from any thread.
  // A blob was written, or may have been.
  void Note() { version_.fetch_add(1); }
  // Another number after each Note.
  std::uint64_t version() const { return version_.load(); }
  // Views of a blob's memory are held by this pointer.
  void Watch(const BlobMemory& held_by_views);
  // The memory that is looked at by views now. The end of a view counts as a change.
  std::set<const caffe::SyncedMemory*> Viewed();

 private:
  std::atomic<std::uint64_t> version_{0};
  std::mutex mutex_;
  std::vector<boost::weak_ptr<caffe::SyncedMemory>> views_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_VALUE_CHANGES_H_
