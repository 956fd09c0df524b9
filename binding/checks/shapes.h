// Checks of a layer against the shapes of its bottoms, called before the layer sees them: when it is set up and at every reshape.
#ifndef CAFFE_NODE_CHECKS_SHAPES_H_
#define CAFFE_NODE_CHECKS_SHAPES_H_

#include <caffe/blob.hpp>
#include <vector>

#include "refusal.h"

namespace caffe_node {

using Blobs = std::vector<caffe::Blob<float>*>;

// A layer on the point of taking its bottoms' shapes.
struct Arrival {
  const caffe::LayerParameter& layer;
  const Blobs& bottoms;
  int axes_at_setup;       // of the first bottom
  int count_of_parameter;  // values of the layer's first parameter; 0 before the set-up
};

void CheckNothing(const Arrival& arrival);
void CheckArgMax(const Arrival& arrival);
void CheckConcat(const Arrival& arrival);
void CheckContrastiveLoss(const Arrival& arrival);
void CheckCrop(const Arrival& arrival);
void CheckEmbed(const Arrival& arrival);
void CheckInfogainLoss(const Arrival& arrival);
void CheckInnerProduct(const Arrival& arrival);
void CheckLabelCount(const Arrival& arrival);
void CheckLstmUnit(const Arrival& arrival);
void CheckPRelu(const Arrival& arrival);
void CheckRecurrent(const Arrival& arrival);
void CheckReshape(const Arrival& arrival);
void CheckTile(const Arrival& arrival);

// In windows.cc.
void CheckConvolution(const Arrival& arrival);
void CheckDeconvolution(const Arrival& arrival);
void CheckIm2col(const Arrival& arrival);
void CheckLrn(const Arrival& arrival);
void CheckPooling(const Arrival& arrival);
void CheckSpp(const Arrival& arrival);

// After a reshape: an empty top would make the layers above divide by zero.
void CheckTops(const caffe::LayerParameter& layer, const Blobs& tops);

// ---- for the above ---------------------------------------------------------------------------------------------------------

// A product that stays where it is once it is beyond what Caffe can count.
std::int64_t Times(std::int64_t left, std::int64_t right);
// The product of a blob's extents from axis `first` up to, but without, `end`.
std::int64_t Extent(const caffe::Blob<float>& blob, int first, int end);
// The axis that `axis` stands for, or -1 where the blob has no such axis: Caffe's own CHECK is about to say so.
int AxisOf(const caffe::Blob<float>& blob, int axis);
// Throws SHAPE when `values` are more than Caffe can count; whether there is memory for them is memory_check's business.
void RequireCountable(const caffe::LayerParameter& layer, const std::string& what, std::int64_t values);

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_SHAPES_H_
