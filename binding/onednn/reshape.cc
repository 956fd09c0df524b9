#include "in_place.h"
#include "operations.h"

namespace caffe_node::onednn {

// Flatten as well: the same values, in Caffe's order, under another shape.
std::unique_ptr<Operation> MakeReshape(const OperationRequest& request) {
  const DataType type = TypeOf(request.bottoms[0]);
  return std::make_unique<InPlace>(std::vector<Description>{Plain(ShapeOf(request.bottoms[0]), type)},
                                   std::vector<Description>{Plain(request.tops[0], type)}, Sharing::Kind::kTopsInBottom);
}

}  // namespace caffe_node::onednn
