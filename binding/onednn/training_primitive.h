// What the primitives of a training plan have alike, and how the fastest of several is found.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_PRIMITIVE_H_
#define CAFFE_NODE_ONEDNN_TRAINING_PRIMITIVE_H_

#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

namespace caffe_node::onednn {

// Scratch memory comes from the plan, which shares it between the stages.
dnnl::primitive_attr OwnScratch();

// oneDNN's reference implementations are there to be compared with, hundreds of times slower than all others.
bool IsReference(const dnnl::primitive_desc_base& description);
// Throws dnnl::error for a reference implementation: Caffe's own layer is faster.
void RequireFast(const dnnl::primitive_desc_base& description);

// Seconds that a primitive takes, on memory full of zeros.
double TimeOf(const dnnl::primitive_desc_base& description, const dnnl::engine& engine, const dnnl::stream& stream);

// The fastest of those that are not reference implementations; throws dnnl::error where there is none.
template <typename Description>
Description Fastest(const std::vector<Description>& candidates, const dnnl::engine& engine, const dnnl::stream& stream) {
  if (candidates.empty()) throw dnnl::error(dnnl_unimplemented, "there is no fast implementation");
  if (candidates.size() == 1) return candidates.front();
  const Description* best = nullptr;
  double least = 0;
  for (const Description& candidate : candidates) {
    const double time = TimeOf(candidate, engine, stream);
    if (best != nullptr && time >= least) continue;
    least = time;
    best = &candidate;
  }
  return *best;
}

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_PRIMITIVE_H_
