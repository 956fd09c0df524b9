// The layers that we register with Caffe.
#ifndef CAFFE_NODE_LAYERS_REGISTRY_H_
#define CAFFE_NODE_LAYERS_REGISTRY_H_

namespace caffe_node {

// Replaces Caffe's own Data layer by ours, for nets built afterwards. Each environment may call it; the first call counts.
void RegisterLayers();

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_REGISTRY_H_
