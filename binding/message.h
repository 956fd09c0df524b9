// Protobuf messages of caffe.proto between JavaScript, text and bytes.
#ifndef CAFFE_NODE_MESSAGE_H_
#define CAFFE_NODE_MESSAGE_H_

#include <napi.h>

#include "message_format.h"

namespace caffe_node {

// Makes exports.messages: NativeMessages of lib/native.ts.
void RegisterMessages(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_MESSAGE_H_
