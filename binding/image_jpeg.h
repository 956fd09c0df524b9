// JPEG files, by libjpeg-turbo.
#ifndef CAFFE_NODE_IMAGE_JPEG_H_
#define CAFFE_NODE_IMAGE_JPEG_H_

#include <string_view>

#include "image_decode.h"

namespace caffe_node {

// Throws IMAGE.
Pixels DecodeJpeg(std::string_view file);

}  // namespace caffe_node

#endif  // CAFFE_NODE_IMAGE_JPEG_H_
