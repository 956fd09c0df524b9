// Protobuf messages as text and as bytes, with errors that name the place.
#ifndef CAFFE_NODE_MESSAGE_FORMAT_H_
#define CAFFE_NODE_MESSAGE_FORMAT_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <string>

namespace caffe_node {

// Fills an empty message from prototxt. Throws PROTOTXT with line and column (from 1); `file` may be empty for text in memory.
void ParseText(const std::string& text, const std::string& file, google::protobuf::Message* message);
// As prototxt; floats are as short as they can be read back.
std::string PrintText(const google::protobuf::Message& message);

// Fills an empty message from bytes. Throws INPUT; `file` may be empty for bytes in memory.
void ParseBinary(const void* bytes, std::size_t size, const std::string& file, google::protobuf::Message* message);

}  // namespace caffe_node

#endif  // CAFFE_NODE_MESSAGE_FORMAT_H_
