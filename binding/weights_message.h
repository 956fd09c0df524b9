// Weights of any format that nets take, as a plain JS object.
#ifndef CAFFE_NODE_WEIGHTS_MESSAGE_H_
#define CAFFE_NODE_WEIGHTS_MESSAGE_H_

#include <napi.h>

namespace caffe_node {

void RegisterWeightsMessage(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_WEIGHTS_MESSAGE_H_
