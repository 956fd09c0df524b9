// Plain JS objects as protobuf messages.
#ifndef CAFFE_NODE_MESSAGE_FROM_JS_H_
#define CAFFE_NODE_MESSAGE_FROM_JS_H_

#include <google/protobuf/message.h>
#include <napi.h>

namespace caffe_node {

// Fills an empty message from the own enumerable properties of an object, in the form that MessageToJs gives; a property that is
// undefined counts as absent. Throws PROTOTXT, which names the place in the object: "NetParameter.layer[2].top"; errors of
// getters pass through.
void MessageFromJs(const Napi::Object& object, google::protobuf::Message* message);

}  // namespace caffe_node

#endif  // CAFFE_NODE_MESSAGE_FROM_JS_H_
