// A training plan while it is made: the operations of the layers say, stage by stage, what they read, write and run. A stage is
// the forward or the backward pass of one layer; the forward ones come first, bottom to top, then the backward ones, top to
// bottom.
//
// A value (a version of a blob) has a place, in memory of the plan's or in Caffe's blob, and a layout there that its writer
// chose; who reads it in another layout reads a copy. The same holds for its gradient.
#ifndef CAFFE_NODE_ONEDNN_TRAINING_DRAFT_H_
#define CAFFE_NODE_ONEDNN_TRAINING_DRAFT_H_

#include <functional>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "../blob_memory.h"
#include "description.h"
#include "graph.h"
#include "operation.h"
#include "training_buffers.h"

namespace caffe_node::onednn {

using Arguments = std::unordered_map<int, dnnl::memory>;

// Memory of a Caffe blob. Caffe may move it between the layers, so each stage takes its address anew.
struct BoundMemory {
  dnnl::memory memory;
  FloatBlob* blob;
  Part part;
  void Bind() const;
};

struct TrainingStage {
  int layer = kNone;  // of the net; none for what comes after all of them
  bool in_caffe = false;
  std::string primitive;
  std::string format;
  std::vector<BoundMemory> bound;
  std::vector<std::function<void()>> actions;
  double milliseconds = 0;
};

class TrainingDraft {
 public:
  // `adds` says, when the stages run, whether the batch adds its gradients to what the diffs hold.
  TrainingDraft(const Graph& graph, const Context& context, TrainingBuffers* buffers, const dnnl::stream& stream,
                const bool* adds);

  const Graph& graph() const { return graph_; }
  const dnnl::engine& engine() const { return context_.engine; }
  const dnnl::stream& stream() const { return stream_; }
  // Layers that Caffe runs itself: the values they write lie in Caffe's blobs.
  void MarkInCaffe(int node) { in_caffe_[static_cast<std::size_t>(node)] = true; }
  bool InCaffe(int node) const { return in_caffe_[static_cast<std::size_t>(node)]; }

  // What follows belongs to a new stage: of this node, of a layer without bottoms, or of no layer.
  void BeginNode(int node);
  void BeginSource(int layer);
  void BeginRest();
  std::vector<TrainingStage> TakeStages() { return std::move(stages_); }

  // ---- layouts -----------------------------------------------------------------------------------------------------------
  // Caffe's own: float32, row by row.
  Description Plain(int value) const;
  // Images with many channels: as the fastest convolutions take them, in the precision of the plan. Plain for all others.
  Description Native(int value) const;
  Description Native(const Shape& shape) const;
  // The type of what lies between the plan's own layers.
  DataType type() const { return context_.type(); }

  // ---- values and gradients ----------------------------------------------------------------------------------------------
  bool Has(Part part, int value) const;
  // The layout in which it lies.
  Description LayoutOf(Part part, int value) const;
  // Memory that holds it in this layout, at this stage and wherever it is used later.
  dnnl::memory Read(Part part, int value, const Description& layout);
  // Memory for it, to be filled by this stage.
  dnnl::memory Write(Part part, int value, const Description& layout);
  // It lies in memory that there is already.
  void Put(Part part, int value, const dnnl::memory& memory);
  // Makes Caffe's blob hold it, or says that it does by itself.
  void ToCaffe(Part part, int value);
  void FromCaffe(Part part, int value);

  // ---- what a stage uses and does ----------------------------------------------------------------------------------------
  // Memory of this stage's own, which later ones may use as well.
  dnnl::memory Buffer(const Description& layout);
  // Memory of a parameter, or of its gradient, as Caffe has it, taken for this layout.
  dnnl::memory Bound(FloatBlob* blob, Part part, const Description& layout);
  // `uses` are the memories that the action has to do with.
  void Do(std::function<void()> action, const std::vector<dnnl::memory>& uses);
  void Run(const dnnl::primitive_desc_base& description, Arguments arguments);
  void Copy(const dnnl::memory& from, const dnnl::memory& to);
  // Says, when a stage runs, whether a gradient of a parameter is to be added to what the diff holds, or takes its place. To be
  // asked once for each gradient.
  using Adds = std::function<bool()>;
  Adds AddsTo(FloatBlob* parameter);
  // Whether a layer was asked for that takes the place of what the diff holds, where the batch says so.
  bool Replaces(const FloatBlob& parameter) const { return replaced_.count(parameter.diff().get()) > 0; }
  void PutGradient(const dnnl::memory& from, const dnnl::memory& to, const Adds& adds);
  // For Describe.
  void Name(const std::string& primitive, const Description& layout);

 private:
  struct Place {
    dnnl::memory home;
    bool in_caffe = false;
    std::vector<dnnl::memory> copies;
  };
  Place& At(Part part, int value);
  const Place* Find(Part part, int value) const;
  void Use(const dnnl::memory& memory);
  std::function<void()> Prepared(const dnnl::primitive_desc_base& description, Arguments arguments);
  int stage() const { return static_cast<int>(stages_.size()) - 1; }

  const Graph& graph_;
  const Context& context_;
  TrainingBuffers* const buffers_;
  const dnnl::stream stream_;
  const bool* const adds_;
  std::vector<bool> in_caffe_;  // by node
  std::vector<TrainingStage> stages_;
  std::map<Part, std::map<int, Place>> places_;
  std::unordered_map<dnnl_memory_t, BoundMemory> bound_;
  std::set<const caffe::SyncedMemory*> replaced_;  // diffs, which layers may share
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_TRAINING_DRAFT_H_
