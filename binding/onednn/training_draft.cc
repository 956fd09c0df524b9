#include "training_draft.h"

#include <algorithm>
#include <utility>

#include "../failure.h"

namespace caffe_node::onednn {

void BoundMemory::Bind() const {
  memory.set_data_handle(part == Part::kData ? blob->mutable_cpu_data() : blob->mutable_cpu_diff());
}

TrainingDraft::TrainingDraft(const Graph& graph, const Context& context, TrainingBuffers* buffers, const dnnl::stream& stream,
                             const bool* adds)
    : graph_(graph), context_(context), buffers_(buffers), stream_(stream), adds_(adds), in_caffe_(graph.nodes.size(), false) {
  for (std::size_t value = 0; value < graph.values.size(); ++value) {
    if (graph.values[value].producer == kNone) FromCaffe(Part::kData, static_cast<int>(value));
  }
}

void TrainingDraft::BeginNode(int node) {
  BeginRest();
  stages_.back().layer = graph_.nodes[static_cast<std::size_t>(node)].layer;
  stages_.back().in_caffe = InCaffe(node);
  if (InCaffe(node)) stages_.back().primitive = "Caffe";
}

void TrainingDraft::BeginSource(int layer) {
  BeginRest();
  stages_.back().layer = layer;
  stages_.back().in_caffe = true;
  stages_.back().primitive = "Caffe";
}

void TrainingDraft::BeginRest() { stages_.emplace_back(); }

Description TrainingDraft::Plain(int value) const { return onednn::Plain(graph_.ValueAt(value).shape); }

Description TrainingDraft::Native(int value) const { return Native(graph_.ValueAt(value).shape); }

Description TrainingDraft::Native(const Shape& shape) const {
  if (shape.size() != 4) return onednn::Plain(shape);
  // As many as a block has; with fewer it would be filled up with zeros.
  constexpr std::int64_t kMany = 16;
  return shape[1] < kMany ? onednn::Plain(shape) : onednn::Native(shape, type());
}

const TrainingDraft::Place* TrainingDraft::Find(Part part, int value) const {
  const auto places = places_.find(part);
  if (places == places_.end()) return nullptr;
  const auto place = places->second.find(value);
  return place == places->second.end() ? nullptr : &place->second;
}

TrainingDraft::Place& TrainingDraft::At(Part part, int value) {
  if (Find(part, value) != nullptr) return places_[part][value];
  const std::string& name = graph_.ValueAt(value).name;
  FailureDetails details;
  details.blob = name;
  throw Failure("UNSUPPORTED",
                std::string("A plan needs the ") + (part == Part::kDiff ? "gradient" : "values") + " of '" + name +
                    "', which no layer gives.",
                std::move(details));
}

bool TrainingDraft::Has(Part part, int value) const { return Find(part, value) != nullptr; }

Description TrainingDraft::LayoutOf(Part part, int value) const {
  return const_cast<TrainingDraft*>(this)->At(part, value).home.get_desc();
}

dnnl::memory TrainingDraft::Read(Part part, int value, const Description& layout) {
  Place& place = At(part, value);
  // A layer of Caffe's that works in place may overwrite a blob before the backward pass reads it.
  const bool changes = place.in_caffe && part == Part::kData && !graph_.ValueAt(value).last;
  if (!changes && place.home.get_desc() == layout) {
    Use(place.home);
    return place.home;
  }
  for (const dnnl::memory& copy : place.copies) {
    if (copy.get_desc() == layout) {
      Use(copy);
      return copy;
    }
  }
  place.copies.push_back(Buffer(layout));
  const dnnl::memory copy = place.copies.back();
  Copy(place.home, copy);
  return copy;
}

dnnl::memory TrainingDraft::Write(Part part, int value, const Description& layout) {
  const int producer = graph_.ValueAt(value).producer;
  const bool for_caffe = part == Part::kDiff && (producer == kNone || InCaffe(producer));
  if (for_caffe && layout == Plain(value)) {
    FromCaffe(part, value);
    Use(At(part, value).home);
  } else {
    Put(part, value, Buffer(layout));
  }
  return At(part, value).home;
}

void TrainingDraft::Put(Part part, int value, const dnnl::memory& memory) {
  Place& place = places_[part][value];
  place = Place();
  place.home = memory;
  place.in_caffe = bound_.count(memory.get()) > 0;
}

void TrainingDraft::FromCaffe(Part part, int value) {
  dnnl::memory memory(Plain(value), engine(), DNNL_MEMORY_NONE);
  bound_[memory.get()] = {memory, &graph_.BlobOf(value), part};
  Put(part, value, memory);
}

void TrainingDraft::ToCaffe(Part part, int value) {
  const Place& place = At(part, value);
  FloatBlob* const blob = &graph_.BlobOf(value);
  const auto bound = bound_.find(place.home.get());
  if (bound != bound_.end() && bound->second.blob == blob) return;
  Copy(place.home, Bound(blob, part, Plain(value)));
}

dnnl::memory TrainingDraft::Buffer(const Description& layout) { return buffers_->Add(layout, stage()); }

dnnl::memory TrainingDraft::Bound(FloatBlob* blob, Part part, const Description& layout) {
  dnnl::memory memory(layout, engine(), DNNL_MEMORY_NONE);
  bound_[memory.get()] = {memory, blob, part};
  Use(memory);
  return memory;
}

void TrainingDraft::Use(const dnnl::memory& memory) {
  buffers_->Use(memory, stage());
  const auto found = bound_.find(memory.get());
  if (found == bound_.end()) return;
  std::vector<BoundMemory>& bound = stages_.back().bound;
  const auto same = [&memory](const BoundMemory& one) { return one.memory.get() == memory.get(); };
  if (std::none_of(bound.begin(), bound.end(), same)) bound.push_back(found->second);
}

void TrainingDraft::Do(std::function<void()> action, const std::vector<dnnl::memory>& uses) {
  for (const dnnl::memory& memory : uses) Use(memory);
  stages_.back().actions.push_back(std::move(action));
}

void TrainingDraft::Run(const dnnl::primitive_desc_base& description, Arguments arguments) {
  Do(Prepared(description, std::move(arguments)), {});
}

std::function<void()> TrainingDraft::Prepared(const dnnl::primitive_desc_base& description, Arguments arguments) {
  if (description.scratchpad_desc().get_size() > 0) arguments[DNNL_ARG_SCRATCHPAD] = Buffer(description.scratchpad_desc());
  const dnnl::primitive primitive(description.get());
  for (const auto& argument : arguments) Use(argument.second);
  return [primitive, stream = stream_, arguments = std::move(arguments)] { primitive.execute(stream, arguments); };
}

void TrainingDraft::Copy(const dnnl::memory& from, const dnnl::memory& to) {
  Run(dnnl::reorder::primitive_desc(engine(), from.get_desc(), engine(), to.get_desc(), SharedScratch()),
      {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

TrainingDraft::Adds TrainingDraft::AddsTo(FloatBlob* parameter) {
  const bool first = replaced_.insert(parameter->diff().get()).second;
  return [first, adds = adds_] { return !first || *adds; };
}

void TrainingDraft::PutGradient(const dnnl::memory& from, const dnnl::memory& to, const Adds& adds) {
  const auto with = [&](const dnnl::post_ops& after) {
    return Prepared(dnnl::reorder::primitive_desc(engine(), from.get_desc(), engine(), to.get_desc(), SharedScratch(after)),
                    {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
  };
  dnnl::post_ops sum;
  sum.append_sum();
  Do([adds, copy = with({}), add = with(sum)] { adds() ? add() : copy(); }, {});
}

void TrainingDraft::Name(const std::string& primitive, const Description& layout) {
  TrainingStage& stage = stages_.back();
  stage.primitive = primitive;
  stage.format = FormatText(layout);
}

}  // namespace caffe_node::onednn
