#include "passes.h"

#include <algorithm>
#include <set>
#include <string>

#include "../failure.h"
#include "activation.h"
#include "folding.h"
#include "operations.h"

namespace caffe_node::onednn {

namespace {

bool IsOutput(const Graph& graph, int value) {
  return std::any_of(graph.outputs.begin(), graph.outputs.end(), [&](const Output& output) { return output.value == value; });
}

void Replace(Graph* graph, int value, int by) {
  for (Node& node : graph->nodes) std::replace(node.bottoms.begin(), node.bottoms.end(), value, by);
  for (Output& output : graph->outputs) {
    if (output.value == value) output.value = by;
  }
}

template <typename Predicate>
void EraseNodes(Graph* graph, const Predicate& is_gone) {
  graph->nodes.erase(std::remove_if(graph->nodes.begin(), graph->nodes.end(), is_gone), graph->nodes.end());
  graph->Link();
}

// Whether Caffe makes the tops of such a layer by pointing at the memory of its bottom.
bool SharesMemory(const Node& node) {
  static const std::set<std::string> sharers{"Split", "Flatten", "Reshape"};
  if (sharers.count(node.type) > 0) return true;
  return (node.type == "Concat" && node.bottoms.size() == 1) || (node.type == "Slice" && node.tops.size() == 1);
}

bool IsInPlace(const Graph& graph, const Node& node) {
  return !node.bottoms.empty() && !node.tops.empty() && graph.ValueAt(node.bottoms[0]).blob == graph.ValueAt(node.tops[0]).blob;
}

[[noreturn]] void RefuseDisturbance(const Graph& graph, const Node& node) {
  FailureDetails details;
  details.layer = graph.net->layer_names()[static_cast<std::size_t>(node.layer)];
  details.hint = "Give the layer a top of its own, or use engine: 'caffe'.";
  throw Failure("UNSUPPORTED", "The layer works in place, on memory that other layers read afterwards.", std::move(details));
}

// A layer that works in place on the top of a Split or Reshape changes what the others of its tops, and its bottom, hold.
void RequireUndisturbed(const Graph& graph) {
  std::vector<int> memory(graph.values.size());  // by value: the first value of the same memory
  for (std::size_t value = 0; value < memory.size(); ++value) memory[value] = static_cast<int>(value);
  const auto memory_of = [&](int value) -> int& { return memory[static_cast<std::size_t>(value)]; };
  for (const Node& node : graph.nodes) {
    const std::size_t shared = SharesMemory(node) ? node.tops.size() : IsInPlace(graph, node) ? 1 : 0;
    for (std::size_t top = 0; top < shared; ++top) memory_of(node.tops[top]) = memory_of(node.bottoms[0]);
  }
  for (std::size_t index = 0; index < graph.nodes.size(); ++index) {
    const Node& node = graph.nodes[index];
    if (!IsInPlace(graph, node)) continue;
    for (std::size_t value = 0; value < graph.values.size(); ++value) {
      const auto& consumers = graph.values[value].consumers;
      const int name = static_cast<int>(value);
      if (memory[value] != memory_of(node.bottoms[0]) || graph.values[value].producer >= static_cast<int>(index)) continue;
      const bool read = !consumers.empty() && consumers.back() > static_cast<int>(index);
      if (read || IsOutput(graph, name)) RefuseDisturbance(graph, node);
    }
  }
}

bool PassesOn(const Node& node) {
  if (node.type == "Dropout") return node.parameter().phase() == caffe::TEST;
  return node.type == "Split";
}

void DropWhatPassesOn(Graph* graph) {
  for (const Node& node : graph->nodes) {
    if (!PassesOn(node)) continue;
    for (const int top : node.tops) Replace(graph, top, node.bottoms[0]);
  }
  EraseNodes(graph, [](const Node& node) { return PassesOn(node) || node.type == "Silence"; });
}

// Bottom up, so that what was only needed by the dropped goes, too. Layers that Caffe computes stay: they may do more than is
// seen.
void DropUnneeded(Graph* graph) {
  for (std::size_t left = graph->nodes.size(); left > 0; --left) {
    const Node& node = graph->nodes[left - 1];
    const bool needed = std::any_of(node.tops.begin(), node.tops.end(),
                                    [&](int top) { return !graph->ValueAt(top).consumers.empty() || IsOutput(*graph, top); });
    if (needed || !HasOperation(node.type)) continue;
    graph->nodes.erase(graph->nodes.begin() + static_cast<std::ptrdiff_t>(left - 1));
    graph->Link();
  }
}

// The node that alone reads the only top of this one, for nobody else; none if it is not so.
Node* OnlyReader(Graph* graph, const Node& node) {
  if (node.tops.size() != 1 || IsOutput(*graph, node.tops[0])) return nullptr;
  const std::vector<int>& consumers = graph->ValueAt(node.tops[0]).consumers;
  return consumers.size() == 1 ? &graph->nodes[static_cast<std::size_t>(consumers[0])] : nullptr;
}

// Weights take up what changes whole channels; the activation behind that is computed with the layer.
void Fuse(Graph* graph) {
  std::set<int> fused;
  for (Node& node : graph->nodes) {
    if (!FusesActivations(node.type) || fused.count(node.layer) > 0) continue;
    const auto can_join = [&](const Node* next) {
      return next != nullptr && (CanFold(*graph, node, *next) || CanFuse(node.fused, *next->caffe));
    };
    for (const Node* next = OnlyReader(graph, node); can_join(next); next = OnlyReader(graph, node)) {
      node.fused.push_back({next->layer, next->caffe});
      node.tops = next->tops;
      fused.insert(next->layer);
    }
  }
  EraseNodes(graph, [&](const Node& node) { return fused.count(node.layer) > 0; });
}

// Layers that leave values in the type in which they come.
bool KeepsType(const Node& node) { return node.type == "Pooling" || node.type == "Flatten" || node.type == "Reshape"; }

// What the caller sees, or a softmax makes probabilities of, is not rounded to bf16: of scores around 10 that would be off by
// 0.03.
void MarkExact(Graph* graph) {
  for (auto node = graph->nodes.rbegin(); node != graph->nodes.rend(); ++node) {
    const auto matters = [&](int top) {
      const std::vector<int>& consumers = graph->ValueAt(top).consumers;
      return IsOutput(*graph, top) || std::any_of(consumers.begin(), consumers.end(), [&](int consumer) {
               const Node& reader = graph->nodes[static_cast<std::size_t>(consumer)];
               return reader.type == "Softmax" || (KeepsType(reader) && reader.exact);
             });
    };
    node->exact = std::any_of(node->tops.begin(), node->tops.end(), matters);
  }
}

}  // namespace

void Simplify(Graph* graph) {
  RequireUndisturbed(*graph);
  DropWhatPassesOn(graph);
  DropUnneeded(graph);
  Fuse(graph);
  MarkExact(graph);
}

}  // namespace caffe_node::onednn
