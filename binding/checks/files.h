// Files that layers of Caffe read without looking.
#ifndef CAFFE_NODE_CHECKS_FILES_H_
#define CAFFE_NODE_CHECKS_FILES_H_

#include <string>

namespace caffe_node {

// A binaryproto whose values are as many as its shape says; FILE otherwise. Caffe would allocate what the shape says first.
void CheckBlobFile(const std::string& path);

// A regular file; FILE otherwise. Opening a FIFO that nobody writes to would wait for ever.
void CheckRegularFile(const std::string& path);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_FILES_H_
