// Files, read whole.
#ifndef CAFFE_NODE_READ_FILE_H_
#define CAFFE_NODE_READ_FILE_H_

#include <string>

namespace caffe_node {

// The whole of a regular file. FILE when it is missing, unreadable, or no regular file.
std::string ReadFile(const std::string& path);

}  // namespace caffe_node

#endif  // CAFFE_NODE_READ_FILE_H_
