// Whether there is memory for what a net asks for. Linux promises more than it has and ends the process that uses it; Caffe asks
// for gigabytes without a thought and fills them at once. So every great allocation of Caffe's is held against what there is, and
// whole nets are before they are built, run or reshaped.
#ifndef CAFFE_NODE_MEMORY_CHECK_H_
#define CAFFE_NODE_MEMORY_CHECK_H_

#include <cstdint>
#include <string>
#include <utility>

#include "failure.h"

namespace caffe_node {

// Bytes that this process may still take: the least of what the machine, its control group and its own limits leave.
std::int64_t AvailableMemory();

// Gives what was freed back to the system, where the C library would keep it for later.
void ReturnFreedMemory();

// A SHAPE failure: `needs` begins its message, such as "The net 'x' needs 8.0 GB".
Failure NotEnoughMemory(const std::string& needs, std::int64_t available);

// '8.0 GB'
std::string ByteText(std::int64_t bytes);

// Adds up what is going to be allocated, and refuses as soon as it is more than there is. Small sums are not looked at.
class MemoryBudget {
 public:
  // `what` is named in the refusal: "The net 'x'".
  explicit MemoryBudget(std::string what) : what_(std::move(what)) {}
  // Throws SHAPE.
  void Spend(std::int64_t bytes);

 private:
  std::string what_;
  std::int64_t spent_ = 0;
  std::int64_t available_ = -1;  // not known yet
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_MEMORY_CHECK_H_
