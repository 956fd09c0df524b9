// A net without JavaScript: what its jobs share. It lives as long as a wrap or a job needs it, and runs on one lane.
#ifndef CAFFE_NODE_NET_STATE_H_
#define CAFFE_NODE_NET_STATE_H_

#include <atomic>
#include <boost/shared_ptr.hpp>
#include <caffe/net.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "blob_memory.h"
#include "convert.h"
#include "executor.h"
#include "layer_events.h"
#include "net_memory.h"
#include "net_plan.h"
#include "parameter_lock.h"
#include "shared_parameters.h"

namespace caffe_node {

class LayerWatch;
class NetEngine;
class TrainingEngine;
struct EngineOptions;

// The layer that a parameter belongs to, where several use it (`param { name: … }`); its own otherwise.
struct ParameterOwner {
  int layer;
  int index;
};

struct LayerFacts {
  std::string name;
  std::string type;
  std::vector<std::string> bottoms;
  std::vector<std::string> tops;
  std::vector<float> loss_weights;
  std::vector<ParameterOwner> params;
};

// Values for a blob.
struct BlobFeed {
  std::string name;
  std::vector<int> shape;
  std::size_t count = 0;
  BlobMemory values;       // null when there are none
  bool own_shape = false;  // the values take the shape that the blob has when the run begins
};

// Items for a MemoryData layer, with one label each.
struct MemoryItems {
  std::vector<int> shape;  // [items, channels, height, width]
  std::vector<float> data;
  std::vector<float> labels;
};

// One forward or backward run, as plain data.
struct RunRequest {
  std::vector<BlobFeed> feeds;
  int first = 0;
  int last = 0;
  std::vector<std::string> fetch;
  bool timed = false;  // a plan puts a clock around each of its steps
};

class NetState {
 public:
  // Builds the net on the current thread, the lane's. `seed` drives its fillers, its dropout and its shuffling.
  NetState(Lane* lane, const caffe::NetParameter& param, unsigned seed);
  // Takes over the net of a solver.
  NetState(Lane* lane, boost::shared_ptr<FloatNet> net, unsigned seed);
  ~NetState();
  NetState(const NetState&) = delete;
  NetState& operator=(const NetState&) = delete;

  // Before the net is handed out, on the lane. Throws UNSUPPORTED for an engine that cannot run this net.
  void UseEngine(EngineOptions options);

  // ---- any thread, while no run is in flight, or on the lane inside one ------------------------------------------------
  // Throws DISPOSED after Dispose.
  FloatNet& net() const;
  boost::shared_ptr<FloatBlob> BlobNamed(const std::string& name) const;
  std::vector<boost::shared_ptr<FloatBlob>> LayerBlobs(int layer) const;
  NetEngine& engine() const;
  TrainingEngine& training() const;

  // ---- on the lane -----------------------------------------------------------------------------------------------------
  std::vector<NamedTensor> Forward(const RunRequest& request, const StopFlag& stop);
  std::vector<NamedTensor> Backward(const RunRequest& request, const StopFlag& stop);
  // A forward run as a solver tests with: the sum of all losses, weighted. The caller holds the parameters' lock.
  float ForwardWithLoss(const StopFlag& stop);
  // Has the blob hold what the last run made of it; later runs compute it along. See NetEngine::ComputeRest. Takes the
  // parameters' lock.
  void ComputeBlob(const std::string& name, const StopFlag& stop);
  // One batch of a training: returns the loss, and has the gradients in the diffs of the parameters. `why_caffe` says why Caffe
  // is to compute it, if it is.
  float ForwardBackward(const std::string& why_caffe, Gradients gradients, const StopFlag& stop);
  // Lets the shapes of blobs that were reshaped travel through the net; when a layer refuses, all former shapes come back.
  void Reshape();
  // Remembers the shapes of all blobs as good ones, and what they hold. Forward does it by itself; a solver runs its net without
  // it.
  void KeepShapes();
  // The shapes of the named blobs.
  std::vector<std::vector<int>> ShapesOf(const std::vector<std::string>& names) const;
  // The first layer, MemoryData, goes on with these items.
  void SetItems(MemoryItems items);
  // Every data layer goes on with the given item.
  void Rewind(std::uint64_t item);
  void Dispose();
  // The net died with its thread inside a Caffe that cannot throw; its memory must not be touched again.
  void Abandon();
  // Runs `body`, which runs layers of this net, so that `stop` takes effect before the next layer, labels are checked where Caffe
  // does not, and what a layer throws names it.
  void Watched(const StopFlag& stop, const std::function<void()>& body);
  // Runs `body`, which calls JavaScript: for its length the net is lent.
  void Lend(const std::function<void()>& body);

  // ---- the main thread ---------------------------------------------------------------------------------------------------
  bool busy() const { return runs_.load() > 0; }
  // Whether a callback of the run in flight may use the net.
  bool lent() const { return lending_->Lent(); }
  bool disposed() const { return lending_->disposal().IsSet(); }
  // Leaves a callback that a run waits for.
  void MarkDisposed() { lending_->disposal().Set(); }
  // Throws BUSY while a run is in flight that does not lend the net, or DISPOSED.
  void RequireIdle() const;
  // The same for what no callback may do either: shapes and sharing stay while a run is in flight.
  void RequireStill() const;
  // The other's parameters become this net's; from then on runs of both exclude each other.
  void ShareWith(const NetState& other);
  // Makes the parameters known to the process, and lets the environment hold them until LetGo. The same parameters, the same
  // answer.
  const std::shared_ptr<SharedParameters>& Share(Napi::Env env);
  void LetGo(Napi::Env env);
  // Before the net is handed out, on the lane: the parameters of another net of the same model become this net's.
  void Attach(const std::shared_ptr<SharedParameters>& parameters);
  // What uses the parameters, in whatever net, is to look at them again.
  void NoteParametersChanged() { parameter_lock_->changes().Note(); }
  NetMemory Memory() const { return MeasureMemory(net()); }
  // Notes what the net holds.
  void Measure();
  // Tells the garbage collector of the memory that the net held after its last job, while JavaScript holds the net.
  void ReportMemory(Napi::Env env);
  void CountWrap(int change) { wraps_ += change; }
  const std::shared_ptr<LayerEvents>& events() const { return events_; }

  // The layers of the net as Caffe completed them (phases and rules resolved, splits inserted), without weights.
  caffe::NetParameter Model() const;
  std::string Prototxt() const;

  // Runs of nets that share parameters take one lock.
  const std::shared_ptr<ParameterLock>& parameter_lock() const { return parameter_lock_; }
  Lane* lane() const { return lane_; }
  const std::vector<LayerFacts>& layers() const { return layers_; }
  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::vector<std::string>& outputs() const { return outputs_; }
  const std::vector<std::string>& blob_names() const { return blob_names_; }
  const std::string& name() const { return name_; }
  bool is_train() const { return is_train_; }
  // Whether a layer points the blob at memory of its own, other memory with every batch.
  bool IsLent(const std::string& blob) const { return lent_.count(blob) > 0; }

 private:
  friend class RunCount;

  void ReadFacts();
  void ReadLayers();
  // The blobs take the shapes of their feeds, and all shapes that differ travel through the net; or all former ones come back.
  void TakeShapes(const std::vector<BlobFeed>& feeds);
  void SpreadShapes(const std::vector<BlobFeed>& reshaped);
  void RestoreShapes(const std::vector<SavedBlob>& saved);
  bool ShapesAreGood() const;
  void Feed(const std::vector<BlobFeed>& feeds, Part part);
  void Compute(const RunRequest& request, const StopFlag& stop);
  void ComputeByEngine(const RunRequest& request, const StopFlag& stop);
  void ComputeInCaffe(int first, int last, const StopFlag& stop);
  void NoteCaffeRun(int first, int last, const std::string& reason);
  void ComputeRest(const StopFlag& stop);
  std::shared_ptr<SharedParameters> Described() const;
  std::vector<NamedTensor> Fetch(const std::vector<std::string>& names, Part part) const;

  Lane* const lane_;
  boost::shared_ptr<FloatNet> net_;
  std::unique_ptr<LayerWatch> watch_;
  std::unique_ptr<NetEngine> engine_;
  std::unique_ptr<TrainingEngine> training_;
  std::shared_ptr<ParameterLock> parameter_lock_ = std::make_shared<ParameterLock>();
  unsigned seed_;
  std::uint64_t train_runs_ = 0;
  bool ran_backward_ = false;  // since the last forward run
  std::atomic<int> runs_{0};
  const std::shared_ptr<Lending> lending_ = std::make_shared<Lending>();

  std::string name_;
  bool is_train_ = false;
  std::vector<LayerFacts> layers_;
  std::vector<std::string> inputs_;
  std::vector<std::string> outputs_;
  std::vector<std::string> blob_names_;
  std::set<std::string> lent_;
  std::vector<std::vector<int>> good_shapes_;  // of all blobs, after the last reshape that succeeded
  int adapted_ = -1;                           // the last layer that knows the shapes beneath it, as do all below
  ColumnSizes columns_;
  std::unique_ptr<MemoryItems> items_;  // a MemoryData layer points into them

  std::shared_ptr<LayerEvents> events_ = std::make_shared<LayerEvents>();
  std::shared_ptr<SharedParameters> shared_;      // those this net was attached to, or shared itself
  std::shared_ptr<SharedParameters> held_;        // what the environment holds on behalf of this net; the main thread's
  std::set<const caffe::SyncedMemory*> foreign_;  // parameters that other nets account for
  std::int64_t held_by_each_ = -1;                // when it was measured; -1: measure again
  std::atomic<std::int64_t> held_bytes_{0};
  std::int64_t reported_bytes_ = 0;  // the main thread's
  int wraps_ = 0;                    // the main thread's
};

// Counts a run from the moment it is asked for until its promise settles.
class RunCount {
 public:
  explicit RunCount(std::shared_ptr<NetState> net) : net_(std::move(net)) { ++net_->runs_; }
  ~RunCount() { --net_->runs_; }
  RunCount(const RunCount&) = delete;
  RunCount& operator=(const RunCount&) = delete;
  NetState& net() const { return *net_; }

 private:
  std::shared_ptr<NetState> net_;
};

// Refuses (SHAPE) what Caffe would crash on: negative and zero extents, 2^31 values or more, too many axes.
void CheckShape(const std::vector<int>& shape);
// Copies of a blob's values.
TensorData CopyOf(const FloatBlob& blob, Part part);
std::string ShapeText(const std::vector<int>& shape);

// A seed for one iteration: a well-mixed function of both.
unsigned MixSeed(unsigned seed, std::uint64_t iteration);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_STATE_H_
