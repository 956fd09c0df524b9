// NaN and infinite values that a layer of Caffe's makes out of numbers, inside a plan: the logarithm of a negative number, say.
// oneDNN's activations turn NaN into zero where Caffe's hand it on.
#ifndef CAFFE_NODE_NOT_FINITE_H_
#define CAFFE_NODE_NOT_FINITE_H_

#include <string>

#include "failure_exception.h"

namespace caffe_node {

// Thrown by a run of a plan, which Caffe then does.
class NotFinite : public Failure {
 public:
  explicit NotFinite(const std::string& layer)
      : Failure("UNSUPPORTED", "Layer '" + layer + "' gives NaN or infinite values.", DetailsOf(layer)) {}

 private:
  static FailureDetails DetailsOf(const std::string& layer) {
    FailureDetails details;
    details.layer = layer;
    details.hint = "The fast engine does not hand them on as Caffe does: use engine: 'caffe'.";
    return details;
  }
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_NOT_FINITE_H_
