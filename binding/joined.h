// Names in one line.
#ifndef CAFFE_NODE_JOINED_H_
#define CAFFE_NODE_JOINED_H_

#include <string>
#include <vector>

namespace caffe_node {

inline std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace caffe_node

#endif  // CAFFE_NODE_JOINED_H_
