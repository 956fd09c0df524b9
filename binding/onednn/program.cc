#include "program.h"

#include <omp.h>

#include <algorithm>
#include <set>
#include <utility>

#include "caffe_step.h"
#include "operations.h"
#include "parts.h"
#include "reorder.h"
#include "thread_scope.h"

namespace caffe_node::onednn {

namespace {

// A layer was to run over parts of the batch, and cannot.
struct NotInParts {
  int layer;
};

class Builder {
 public:
  Builder(const Graph& graph, const Parts& parts, Precision precision, Tuning* tuning)
      : graph_(graph), parts_(parts), program_(std::make_unique<Program>(graph.net, precision)), tensors_(graph.values.size()) {
    program_->context.tuning = tuning;
    program_->parts = parts.count;
    program_->workers = parts.workers;
  }

  std::unique_ptr<Program> Build() {
    AddInputs();
    if (parts_.count > 1) AddRepeated();
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
      if (parts_.count == 1 || !parts_.cut_node[node]) Add(graph_.nodes[node]);
    }
    for (const Output& output : graph_.outputs) Deliver(output);
    Overwrite();
    program_->tensors.Place(program_->context.engine, static_cast<int>(program_->repeated), program_->workers);
    Bind();
    program_->context.tuning = nullptr;
    return std::move(program_);
  }

 private:
  std::vector<int>& TensorsOf(int value) { return tensors_[static_cast<std::size_t>(value)]; }

  void AddInputs() {
    for (std::size_t value = 0; value < graph_.values.size(); ++value) {
      const Value& input = graph_.values[value];
      if (input.producer == kNone) tensors_[value] = {program_->tensors.AddInBlob(input.shape, input.blob)};
    }
  }

  // What runs for each part of the batch; then all is as if the layers had run over the whole.
  void AddRepeated() {
    const ThreadScope scope(parts_.workers > 1 ? 1 : omp_get_max_threads());
    const std::vector<std::vector<int>> inputs = tensors_;
    in_part_ = true;
    for (std::size_t value = 0; value < graph_.values.size(); ++value) {
      if (tensors_[value].empty() || !parts_.cut_value[value]) continue;
      const Description part = Plain(ShapeOf(static_cast<int>(value)));
      tensors_[value] = {program_->tensors.AddInside(part, tensors_[value].front(), 0, BytesOf(part))};
    }
    for (std::size_t node = 0; node < graph_.nodes.size(); ++node) {
      if (parts_.cut_node[node]) Add(graph_.nodes[node]);
    }
    for (std::size_t value = 0; value < graph_.values.size(); ++value) {
      if (!inputs[value].empty()) {
        tensors_[value] = inputs[value];
      } else if (!tensors_[value].empty() && IsNeededWhole(static_cast<int>(value))) {
        tensors_[value] = {Collect(static_cast<int>(value))};
      }
    }
    in_part_ = false;
    program_->repeated = program_->steps.size();
    // What the parts leave must outlast all of them.
    for (const int tensor : collected_) program_->tensors.Use(tensor, static_cast<int>(program_->repeated) - 1);
  }

  bool IsNeededWhole(int value) const {
    const auto is_whole = [&](int node) { return !parts_.cut_node[static_cast<std::size_t>(node)]; };
    const std::vector<int>& consumers = graph_.ValueAt(value).consumers;
    return std::any_of(consumers.begin(), consumers.end(), is_whole) ||
           std::any_of(graph_.outputs.begin(), graph_.outputs.end(), [&](const Output& output) { return output.value == value; });
  }

  // A tensor for the whole batch that the parts of the value are written into.
  int Collect(int value) {
    int part = TensorsOf(value).front();
    if (OrderOfAxes(program_->tensors.description(part)).front() != 0 || BlockOf(program_->tensors.description(part), 0) != 1) {
      part = TensorAs(value, Plain(ShapeOf(value), TypeOf(program_->tensors.description(part))), kNone);
    }
    const Description description = program_->tensors.description(part);
    const int whole = program_->tensors.Add(InFormat(graph_.ValueAt(value).shape, description));
    program_->tensors.Use(whole, 0);
    collected_.push_back(whole);
    if (!program_->tensors.MoveInside(part, whole, 0, BytesOf(description))) {
      AppendReorder(part, program_->tensors.AddInside(description, whole, 0, BytesOf(description)), kNone);
    }
    return whole;
  }

  // Within the repeated steps, of a part.
  Shape ShapeOf(int value) const {
    Shape shape = graph_.ValueAt(value).shape;
    if (in_part_ && parts_.cut_value[static_cast<std::size_t>(value)]) shape[0] /= parts_.count;
    return shape;
  }

  void Add(const Node& node) {
    try {
      AddOperation(node, MakeOperation(RequestFor(node)));
    } catch (const Refusal& refusal) {
      AddInCaffe(node, refusal.what());
    } catch (const dnnl::error& error) {
      if (error.status == dnnl_out_of_memory) throw;
      AddInCaffe(node, std::string("oneDNN: ") + error.what());
    }
  }

  OperationRequest RequestFor(const Node& node) {
    OperationRequest request{program_->context, node, {}, {}};
    for (const int bottom : node.bottoms) request.bottoms.push_back(program_->tensors.description(TensorsOf(bottom).front()));
    for (const int top : node.tops) request.tops.push_back(ShapeOf(top));
    return request;
  }

  void AddOperation(const Node& node, std::unique_ptr<Operation> operation) {
    const Sharing sharing = operation->sharing();
    if (sharing.kind == Sharing::Kind::kBottomsInTop) return JoinBottoms(node, *operation, sharing);
    Step step;
    for (std::size_t i = 0; i < node.bottoms.size(); ++i) {
      step.reads.push_back(TensorAs(node.bottoms[i], operation->bottoms()[i], node.layer));
    }
    for (std::size_t i = 0; i < node.tops.size(); ++i) {
      const Description& top = operation->tops()[i];
      const bool inside = sharing.kind == Sharing::Kind::kTopsInBottom;
      const int tensor =
          inside ? program_->tensors.AddInside(top, step.reads[0], sharing.offsets[i]) : program_->tensors.Add(top);
      TensorsOf(node.tops[i]) = {tensor};
      step.writes.push_back(tensor);
    }
    if (sharing.kind == Sharing::Kind::kTopsInBottom) return;
    step.layers = LayersOf(node);
    step.operation = std::move(operation);
    Append(std::move(step));
  }

  // The bottoms move into the top where they can; the others are copied there.
  void JoinBottoms(const Node& node, const Operation& operation, const Sharing& sharing) {
    const int top = program_->tensors.Add(operation.tops()[0]);
    TensorsOf(node.tops[0]) = {top};
    for (std::size_t i = 0; i < node.bottoms.size(); ++i) {
      const Description& wanted = operation.bottoms()[i];
      const int tensor = TensorAs(node.bottoms[i], wanted, node.layer);
      if (program_->tensors.MoveInside(tensor, top, sharing.offsets[i])) continue;
      AppendReorder(tensor, program_->tensors.AddInside(wanted, top, sharing.offsets[i]), node.layer);
    }
  }

  void AddInCaffe(const Node& node, const std::string& reason) {
    if (in_part_) throw NotInParts{node.layer};
    Step step;
    const std::vector<int>& bottoms = graph_.net->bottom_ids(node.layer);
    for (std::size_t i = 0; i < node.bottoms.size(); ++i)
      step.reads.push_back(TensorInBlob(node.bottoms[i], bottoms[i], node.layer));
    const int last_layer = node.fused.empty() ? node.layer : node.fused.back().layer;
    const std::vector<int>& tops = graph_.net->top_ids(last_layer);
    for (std::size_t i = 0; i < node.tops.size(); ++i) {
      Forget(tops[i]);
      const int tensor = program_->tensors.AddInBlob(graph_.ValueAt(node.tops[i]).shape, tops[i]);
      TensorsOf(node.tops[i]) = {tensor};
      step.writes.push_back(tensor);
    }
    step.layers = LayersOf(node);
    step.in_caffe = true;
    step.operation = std::make_unique<CaffeStep>(graph_, node, reason);
    Append(std::move(step));
  }

  // The value as it is wanted; reordered where nobody has wanted it so before.
  int TensorAs(int value, const Description& wanted, int layer) {
    for (const int tensor : TensorsOf(value)) {
      if (program_->tensors.description(tensor) == wanted) return tensor;
    }
    const int tensor = program_->tensors.Add(wanted);
    AppendReorder(TensorsOf(value).front(), tensor, layer);
    TensorsOf(value).push_back(tensor);
    return tensor;
  }

  int TensorInBlob(int value, int blob, int layer) {
    for (const int tensor : TensorsOf(value)) {
      if (program_->tensors.BlobOf(tensor) == blob) return tensor;
    }
    const int tensor = program_->tensors.AddInBlob(graph_.ValueAt(value).shape, blob);
    AppendReorder(TensorsOf(value).front(), tensor, layer);
    TensorsOf(value).push_back(tensor);
    return tensor;
  }

  // Caffe is going to write another value into this blob.
  void Forget(int blob) {
    for (std::vector<int>& tensors : tensors_) {
      const auto lies_there = [&](int tensor) { return program_->tensors.BlobOf(tensor) == blob; };
      tensors.erase(std::remove_if(tensors.begin(), tensors.end(), lies_there), tensors.end());
    }
  }

  void Deliver(const Output& output) {
    std::vector<int>& tensors = TensorsOf(output.value);
    const bool there =
        std::any_of(tensors.begin(), tensors.end(), [&](int tensor) { return program_->tensors.BlobOf(tensor) == output.blob; });
    if (there || program_->tensors.MoveIntoBlob(tensors.front(), output.blob)) return;
    TensorInBlob(output.value, output.blob, kNone);
  }

  static std::vector<int> LayersOf(const Node& node) {
    std::vector<int> layers{node.layer};
    for (const FusedLayer& fused : node.fused) layers.push_back(fused.layer);
    return layers;
  }

  void AppendReorder(int from, int to, int layer) {
    Step step;
    step.operation =
        std::make_unique<Reorder>(program_->context, program_->tensors.description(from), program_->tensors.description(to));
    step.reads = {from};
    step.writes = {to};
    if (layer != kNone) step.layers = {layer};
    Append(std::move(step));
  }

  void Append(Step step) {
    const int index = static_cast<int>(program_->steps.size());
    for (const int tensor : step.reads) program_->tensors.Use(tensor, index);
    for (const int tensor : step.writes) program_->tensors.Use(tensor, index);
    program_->steps.push_back(std::move(step));
  }

  void Overwrite() {
    for (std::size_t index = 0; index < program_->steps.size(); ++index) {
      const Step& step = program_->steps[index];
      const int bottom = step.operation->overwritable();
      if (bottom != kNone)
        program_->tensors.Overwrite(step.reads[static_cast<std::size_t>(bottom)], step.writes[0], static_cast<int>(index));
    }
  }

  void Bind() {
    std::vector<Step>& steps = program_->steps;
    for (int worker = 0; worker < program_->workers; ++worker) {
      const std::size_t end = worker == 0 ? steps.size() : program_->repeated;
      std::int64_t scratch = 0;
      for (std::size_t step = 0; step < end; ++step) scratch = std::max(scratch, steps[step].operation->ScratchBytes());
      program_->scratch.emplace_back(scratch, "The plan");
      for (std::size_t step = 0; step < end; ++step) Bind(&steps[step], worker);
    }
  }

  void Bind(Step* step, int worker) {
    const auto memory_of = [&](const std::vector<int>& tensors) {
      std::vector<dnnl::memory> memory;
      for (const int tensor : tensors) memory.push_back(program_->tensors.memory(tensor, worker));
      return memory;
    };
    char* const scratch = program_->scratch.back().data();
    step->bindings.push_back(step->operation->Bind(memory_of(step->reads), memory_of(step->writes), scratch));
  }

  const Graph& graph_;
  const Parts& parts_;
  std::unique_ptr<Program> program_;
  std::vector<std::vector<int>> tensors_;  // by value: where it is to be found, first as it was made
  std::vector<int> collected_;
  bool in_part_ = false;
};

}  // namespace

std::unique_ptr<Program> BuildProgram(const Graph& graph, Precision precision, Tuning* tuning) {
  std::set<int> whole;
  for (;;) {
    const Parts parts = CutBatch(graph, whole, omp_get_max_threads());
    try {
      return Builder(graph, parts, precision, tuning).Build();
    } catch (const NotInParts& layer) {
      whole.insert(layer.layer);
    }
  }
}

}  // namespace caffe_node::onednn
