// PNG files, by libpng.
#ifndef CAFFE_NODE_IMAGE_PNG_H_
#define CAFFE_NODE_IMAGE_PNG_H_

#include <string_view>

#include "image_decode.h"

namespace caffe_node {

// Throws IMAGE.
Pixels DecodePng(std::string_view file);

}  // namespace caffe_node

#endif  // CAFFE_NODE_IMAGE_PNG_H_
