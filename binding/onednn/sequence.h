// What takes several primitives, one after the other.
#ifndef CAFFE_NODE_ONEDNN_SEQUENCE_H_
#define CAFFE_NODE_ONEDNN_SEQUENCE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "operation.h"

namespace caffe_node::onednn {

class Sequence : public Operation {
 public:
  // A bottom or top of the whole that a stage works on. It may see it under another description.
  struct Operand {
    enum class Kind { kBottom, kTop } kind;
    std::size_t index;
  };
  static Operand Bottom(std::size_t index) { return {Operand::Kind::kBottom, index}; }
  static Operand Top(std::size_t index) { return {Operand::Kind::kTop, index}; }

  using Operation::Operation;

  // `overwritable` as for all operations: say kNone where a later stage reads the bottom, too.
  void SetOverwritable(int bottom) { overwritable_ = bottom; }
  void Add(std::unique_ptr<Operation> stage, std::vector<Operand> reads, std::vector<Operand> writes);

  int overwritable() const override { return overwritable_; }
  std::int64_t ScratchBytes() const override;
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  std::string Primitive() const override;

 private:
  struct Stage {
    std::unique_ptr<Operation> operation;
    std::vector<Operand> reads;
    std::vector<Operand> writes;
  };
  std::vector<Stage> stages_;
  int overwritable_ = kNone;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_SEQUENCE_H_
