#include "sequence.h"

#include <algorithm>
#include <utility>

namespace caffe_node::onednn {

namespace {

class BoundSequence final : public Binding {
 public:
  explicit BoundSequence(std::vector<std::unique_ptr<Binding>> stages) : stages_(std::move(stages)) {}
  void Run(const dnnl::stream& stream) override {
    for (const auto& stage : stages_) stage->Run(stream);
  }

 private:
  const std::vector<std::unique_ptr<Binding>> stages_;
};

}  // namespace

void Sequence::Add(std::unique_ptr<Operation> stage, std::vector<Operand> reads, std::vector<Operand> writes) {
  stages_.push_back({std::move(stage), std::move(reads), std::move(writes)});
}

std::int64_t Sequence::ScratchBytes() const {
  std::int64_t bytes = 0;
  for (const Stage& stage : stages_) bytes = std::max(bytes, stage.operation->ScratchBytes());
  return bytes;
}

std::unique_ptr<Binding> Sequence::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                        void* scratch) const {
  const auto memory_of = [&](const std::vector<Operand>& operands) {
    std::vector<dnnl::memory> memory;
    for (const Operand& operand : operands) {
      memory.push_back((operand.kind == Operand::Kind::kBottom ? bottoms : tops)[operand.index]);
    }
    return memory;
  };
  std::vector<std::unique_ptr<Binding>> bound;
  for (const Stage& stage : stages_) {
    bound.push_back(stage.operation->Bind(memory_of(stage.reads), memory_of(stage.writes), scratch));
  }
  return std::make_unique<BoundSequence>(std::move(bound));
}

std::string Sequence::Primitive() const { return stages_.front().operation->Primitive(); }

}  // namespace caffe_node::onednn
