// The image functions for JavaScript: decoding, Caffe's transform_param, and pycaffe's Transformer. All run on the lane for
// files.
#ifndef CAFFE_NODE_IMAGES_H_
#define CAFFE_NODE_IMAGES_H_

#include <napi.h>

namespace caffe_node {

void RegisterImages(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_IMAGES_H_
