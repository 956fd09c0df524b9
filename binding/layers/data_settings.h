// What a Data layer's prototxt says, checked.
#ifndef CAFFE_NODE_LAYERS_DATA_SETTINGS_H_
#define CAFFE_NODE_LAYERS_DATA_SETTINGS_H_

#include <caffe/proto/caffe.pb.h>

#include <cstddef>
#include <string>

#include "batch_reader.h"

namespace caffe_node {

struct DataSettings {
  std::string source;
  std::size_t prefetch = 1;  // batches
  BatchSettings batches;
};

// Reads the mean file as well. Throws PROTOTXT for a setting that cannot be, FILE for the mean file.
DataSettings ReadDataSettings(const caffe::LayerParameter& layer, caffe::Phase phase);

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_DATA_SETTINGS_H_
