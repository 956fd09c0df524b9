// mean.binaryproto, as compute_image_mean, DIGITS and createDataset write it.
#ifndef CAFFE_NODE_LAYERS_MEAN_FILE_H_
#define CAFFE_NODE_LAYERS_MEAN_FILE_H_

#include <string>

#include "../pixel_transform.h"

namespace caffe_node {

// Throws FILE, which names the path.
MeanImage ReadMeanFile(const std::string& path);

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_MEAN_FILE_H_
