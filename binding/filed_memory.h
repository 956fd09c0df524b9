// Values that are seldom read, in a file instead of memory: whoever reads or writes them finds them as before, a page at a time.
#ifndef CAFFE_NODE_FILED_MEMORY_H_
#define CAFFE_NODE_FILED_MEMORY_H_

#include <boost/weak_ptr.hpp>
#include <map>
#include <string>
#include <utility>

#include "blob_memory.h"

namespace caffe_node {

class FiledMemory {
 public:
  // The files have no name: they are gone with the memory, or with the process. Without a folder nothing is moved.
  explicit FiledMemory(std::string folder) : folder_(std::move(folder)) {}

  // Moves the values of a large blob into a file, unless something else uses their memory; where they lie in one already, lets go
  // of the pages that were read since. Without room on the disk everything stays as it is.
  void Move(FloatBlob* blob);

 private:
  const std::string folder_;
  std::map<const FloatBlob*, boost::weak_ptr<caffe::SyncedMemory>> filed_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_FILED_MEMORY_H_
