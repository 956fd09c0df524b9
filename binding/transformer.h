// pycaffe's io.Transformer and io.oversample: between images ([H, W, C], 0 to 1) and what nets take ([C, H, W]).
#ifndef CAFFE_NODE_TRANSFORMER_H_
#define CAFFE_NODE_TRANSFORMER_H_

#include <optional>
#include <vector>

#include "convert.h"

namespace caffe_node {

struct TransformerSpec {
  // Of the net's input.
  int height = 0;
  int width = 0;
  std::vector<int> transpose;     // empty: none; entry i names the old axis of the new axis i
  std::vector<int> channel_swap;  // empty: none; of axis 0 after the transpose
  std::optional<float> raw_scale;
  std::optional<TensorData> mean;  // [C], [H, W] or [C, H, W]; an image of another size than the net's input is resized to it
  std::optional<float> input_scale;
};

// Resize, transpose, swap channels, × raw scale, − mean, × input scale; each throws INPUT or SHAPE when the parts do not fit.
TensorData Preprocess(TensorData image, const TransformerSpec& spec);
// The same for each of several images, as one batch [N, C, H, W]. Throws SHAPE, too, when their results differ in shape.
TensorData PreprocessBatch(std::vector<TensorData> images, const TransformerSpec& spec);
// The way back, without the resize. Leading axes of length 1 are dropped.
TensorData Deprocess(TensorData input, const TransformerSpec& spec);

// Ten crops of each image: four corners and the centre, then the same mirrored. Shape [10 N, height, width, C].
TensorData Oversample(const std::vector<TensorData>& images, int height, int width);

}  // namespace caffe_node

#endif  // CAFFE_NODE_TRANSFORMER_H_
