// A guard in front of a layer of Caffe.
#ifndef CAFFE_NODE_CHECKS_GUARDED_LAYER_H_
#define CAFFE_NODE_CHECKS_GUARDED_LAYER_H_

#include "shapes.h"

namespace caffe_node {

// A layer whose bottoms are checked before it takes their shapes, and its tops afterwards. It stays what it is for everybody
// else: a Base, of Base's type.
template <typename Base, void (*CheckBottoms)(const Arrival&)>
class GuardedLayer : public Base {
 public:
  explicit GuardedLayer(const caffe::LayerParameter& param) : Base(param) {}

  void LayerSetUp(const Blobs& bottoms, const Blobs& tops) override {
    axes_at_setup_ = bottoms.empty() ? 0 : bottoms[0]->num_axes();
    CheckBottoms(Arriving(bottoms));
    Base::LayerSetUp(bottoms, tops);
  }

  void Reshape(const Blobs& bottoms, const Blobs& tops) override {
    CheckBottoms(Arriving(bottoms));
    Base::Reshape(bottoms, tops);
    CheckTops(this->layer_param_, tops);
  }

 private:
  Arrival Arriving(const Blobs& bottoms) const {
    const int count = this->blobs_.empty() ? 0 : this->blobs_[0]->count();
    return {this->layer_param_, bottoms, axes_at_setup_, count};
  }

  int axes_at_setup_ = 0;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_GUARDED_LAYER_H_
