// Layers of Caffe that do not look at the shapes they are given, each with a guard in front.
#ifndef CAFFE_NODE_CHECKS_GUARDED_LAYERS_H_
#define CAFFE_NODE_CHECKS_GUARDED_LAYERS_H_

#include <caffe/layer.hpp>
#include <string>

namespace caffe_node {

// The same layer behind its guard; `layer` itself where its type needs none, or where it is not Caffe's own (another engine's).
boost::shared_ptr<caffe::Layer<float>> Guard(const boost::shared_ptr<caffe::Layer<float>>& layer,
                                             const caffe::LayerParameter& param);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_GUARDED_LAYERS_H_
