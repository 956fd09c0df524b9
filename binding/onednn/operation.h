// The parts that a plan is made of.
//
// An Operation does the work of one node of the graph (of a layer, with those fused into it) by primitives of oneDNN. It goes
// through these stages:
//
//  1. A maker (operations.h) is given an OperationRequest: the node, how its bottoms lie at present, and the shapes of its tops.
//     It asks oneDNN for a primitive and notes how it wants its bottoms and how its tops will lie. It takes what suits it: where
//     a bottom is not as wanted, the plan reorders it first (once for all who want it so). Layers without weights best keep the
//     format in which their bottom lies. What cannot be done is a Refusal; then Caffe computes the layer inside the plan. So is
//     dnnl::error, as oneDNN throws for what it has not implemented, and a reference implementation (RequireFast).
//     Shapes come from the request, never from Caffe's blobs: a plan may cut a batch into images. What a layer's fields mean
//     without the shapes, and its parameters, come from node.caffe.
//  2. When all operations are there and the plan knows where each tensor lies, Bind hands over the memory: for each of those who
//     work at parts of a batch at the same time, other memory. TakeParameters follows, and again whenever parameters have
//     changed.
//  3. The Binding runs, as often as the net runs. The addresses behind the memory objects of Bind may change from run to run
//     (values in Caffe's blobs), the objects do not: an operation that looks at the same memory under another description does so
//     by View.
//
// An operation that only says where things lie (Flatten, a Concat whose bottoms are written in place) has a Sharing, and never
// runs.
#ifndef CAFFE_NODE_ONEDNN_OPERATION_H_
#define CAFFE_NODE_ONEDNN_OPERATION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "description.h"
#include "graph.h"

namespace caffe_node::onednn {

class Tuning;

// Why an operation cannot do what is asked; the layer is then Caffe's.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What all operations of a plan are made with.
struct Context {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  Precision precision = Precision::kF32;
  Tuning* tuning = nullptr;  // while operations are made
  DataType type() const { return TypeFor(precision); }
};

struct OperationRequest {
  const Context& context;
  const Node& node;
  std::vector<Description> bottoms;  // as they lie
  std::vector<Shape> tops;
  // What a layer with weights leaves its top in.
  DataType top_type() const { return node.exact ? DataType::f32 : context.type(); }
};

// Memory that tensors have in common, so that nothing needs to be computed.
struct Sharing {
  enum class Kind { kNone, kBottomsInTop, kTopsInBottom };
  Kind kind = Kind::kNone;
  std::vector<std::int64_t> offsets;  // in bytes, of each bottom in the first top, or of each top in the first bottom
};

// An operation, and the memory it works on.
class Binding {
 public:
  Binding() = default;
  virtual ~Binding() = default;
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;

  virtual void Run(const dnnl::stream& stream) = 0;
};

// One that calls a function, which knows the memory.
class BoundFunction final : public Binding {
 public:
  explicit BoundFunction(std::function<void()> run) : run_(std::move(run)) {}
  void Run(const dnnl::stream& /*stream*/) override { run_(); }

 private:
  const std::function<void()> run_;
};

class Operation {
 public:
  Operation(std::vector<Description> bottoms, std::vector<Description> tops)
      : bottoms_(std::move(bottoms)), tops_(std::move(tops)) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  // How it wants its bottoms, and how it leaves its tops.
  const std::vector<Description>& bottoms() const { return bottoms_; }
  const std::vector<Description>& tops() const { return tops_; }

  virtual Sharing sharing() const { return {}; }
  // The bottom whose memory the first top may take over, when nobody reads that bottom later; kNone for none.
  virtual int overwritable() const { return kNone; }
  // Memory for the duration of a run; all operations use the same.
  virtual std::int64_t ScratchBytes() const { return 0; }
  // Prepared parameters.
  virtual std::int64_t ParameterBytes() const { return 0; }

  // `scratch` is as large as ScratchBytes. The operation outlives what is bound.
  virtual std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                        void* scratch) const = 0;
  // Takes up the parameters as Caffe's blobs hold them now.
  virtual void TakeParameters() {}
  // The parameters whose memory is Caffe's own.
  virtual std::vector<const FloatBlob*> BorrowedParameters() const { return {}; }

  // Which implementation: "jit:avx512_core".
  virtual std::string Primitive() const = 0;

 private:
  std::vector<Description> bottoms_;
  std::vector<Description> tops_;
};

// Whether it is none of the reference implementations, which are slower than Caffe.
bool IsFast(const dnnl::primitive_desc_base& primitive);
// Throws a Refusal for one of them.
void RequireFast(const dnnl::primitive_desc_base& primitive);

// The attributes that every primitive of a plan is made with: scratch memory is the plan's.
dnnl::primitive_attr SharedScratch(dnnl::post_ops fused = {});

// The same memory under another description. Refresh before each use: the address may have changed.
class View {
 public:
  View(dnnl::memory of, const Description& as) : of_(std::move(of)), as_(as, of_.get_engine(), of_.get_data_handle()) {}
  void Refresh() { as_.set_data_handle(of_.get_data_handle()); }
  const dnnl::memory& memory() const { return as_; }

 private:
  dnnl::memory of_;
  dnnl::memory as_;
};

// What is one primitive. Where the primitive sees a bottom or top under another description than the plan does (a View), the
// subclass just says so in its arguments.
class PrimitiveOperation : public Operation {
 public:
  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;
  std::int64_t ScratchBytes() const override { return BytesOf(scratch_); }
  std::string Primitive() const override { return implementation_; }

 protected:
  // One of the primitive's arguments (DNNL_ARG_SRC …) and how the primitive sees it.
  struct Argument {
    int name;
    Description seen_as;
  };
  // `descriptor` belongs to `primitive`; `bottom_arguments` and `top_arguments` are as bottoms and tops.
  PrimitiveOperation(std::vector<Description> bottoms, std::vector<Description> tops, const dnnl::primitive_desc_base& descriptor,
                     dnnl::primitive primitive, std::vector<Argument> bottom_arguments, std::vector<Argument> top_arguments);
  // Weights and other arguments that are neither bottoms nor tops; before it is bound.
  void SetArgument(int name, const dnnl::memory& memory) { arguments_[name] = memory; }

 private:
  dnnl::engine engine_;
  dnnl::primitive primitive_;
  std::string implementation_;
  Description scratch_;
  std::vector<Argument> bottom_arguments_;
  std::vector<Argument> top_arguments_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_OPERATION_H_
