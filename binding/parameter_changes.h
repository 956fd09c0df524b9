// What may have changed a set of parameters since somebody looked at them: writes that were noted, and views of JavaScript,
// through which values change unseen. Nets that share parameters share this.
#ifndef CAFFE_NODE_PARAMETER_CHANGES_H_
#define CAFFE_NODE_PARAMETER_CHANGES_H_

#include <atomic>
#include <boost/weak_ptr.hpp>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

#include "blob_memory.h"

namespace caffe_node {

class ParameterChanges {
 public:
  ParameterChanges() = default;
  ParameterChanges(const ParameterChanges&) = delete;
  ParameterChanges& operator=(const ParameterChanges&) = delete;

  // All functions may be called from any thread.
  // A parameter was written, or may have been.
  void Note() { version_.fetch_add(1); }
  // Another number after each Note.
  std::uint64_t version() const { return version_.load(); }
  // Views of a parameter's memory are held by this pointer.
  void Watch(const BlobMemory& held_by_views);
  // The memory that is looked at by views now. The end of a view counts as a change.
  std::set<const caffe::SyncedMemory*> Viewed();

 private:
  std::atomic<std::uint64_t> version_{0};
  std::mutex mutex_;
  std::vector<boost::weak_ptr<caffe::SyncedMemory>> views_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_PARAMETER_CHANGES_H_
