// Protobuf messages as plain JS objects.
#ifndef CAFFE_NODE_MESSAGE_TO_JS_H_
#define CAFFE_NODE_MESSAGE_TO_JS_H_

#include <google/protobuf/message.h>
#include <napi.h>

namespace caffe_node {

// The fields that are set, under their names in caffe.proto: enums as names, bytes as Uint8Arrays, int64 as numbers, the numbers
// of a BlobProto as Float32Arrays and Float64Arrays, other repeated fields as arrays. Objects have no prototype.
Napi::Object MessageToJs(Napi::Env env, const google::protobuf::Message& message);

}  // namespace caffe_node

#endif  // CAFFE_NODE_MESSAGE_TO_JS_H_
