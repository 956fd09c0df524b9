// caffe.*: version, features, layer types, and the settings of this environment.
#ifndef CAFFE_NODE_ENGINE_H_
#define CAFFE_NODE_ENGINE_H_

#include <napi.h>

namespace caffe_node {

void RegisterEngine(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_ENGINE_H_
