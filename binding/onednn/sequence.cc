#include "sequence.h"

#include <algorithm>

namespace caffe_node::onednn {

void Sequence::Add(std::unique_ptr<Operation> stage, std::vector<Operand> reads, std::vector<Operand> writes) {
  stages_.push_back({std::move(stage), std::move(reads), std::move(writes)});
}

std::int64_t Sequence::ScratchBytes() const {
  std::int64_t bytes = 0;
  for (const Stage& stage : stages_) bytes = std::max(bytes, stage.operation->ScratchBytes());
  return bytes;
}

void Sequence::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops, void* scratch) {
  const auto memory_of = [&](const std::vector<Operand>& operands) {
    std::vector<dnnl::memory> memory;
    for (const Operand& operand : operands) {
      memory.push_back((operand.kind == Operand::Kind::kBottom ? bottoms : tops)[operand.index]);
    }
    return memory;
  };
  for (Stage& stage : stages_) stage.operation->Bind(memory_of(stage.reads), memory_of(stage.writes), scratch);
}

void Sequence::Run(const dnnl::stream& stream) {
  for (Stage& stage : stages_) stage.operation->Run(stream);
}

std::string Sequence::Primitive() const { return stages_.front().operation->Primitive(); }

}  // namespace caffe_node::onednn
