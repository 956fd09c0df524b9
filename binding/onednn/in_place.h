// Operations that only say where things lie: what they would make is there already.
#ifndef CAFFE_NODE_ONEDNN_IN_PLACE_H_
#define CAFFE_NODE_ONEDNN_IN_PLACE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "operation.h"

namespace caffe_node::onednn {

// The parts (the bottoms in the top, or the tops in the bottom) lie one behind the other.
class InPlace final : public Operation {
 public:
  InPlace(std::vector<Description> bottoms, std::vector<Description> tops, Sharing::Kind kind)
      : Operation(std::move(bottoms), std::move(tops)), kind_(kind) {}

  Sharing sharing() const override {
    Sharing sharing{kind_, {}};
    std::int64_t offset = 0;
    for (const Description& part : kind_ == Sharing::Kind::kBottomsInTop ? bottoms() : tops()) {
      sharing.offsets.push_back(offset);
      offset += BytesOf(part);
    }
    return sharing;
  }
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>&, const std::vector<dnnl::memory>&, void*) const override {
    return nullptr;  // it never runs
  }
  std::string Primitive() const override { return "in place"; }

 private:
  const Sharing::Kind kind_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_IN_PLACE_H_
