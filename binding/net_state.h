// A net without JavaScript: what its jobs share. It lives as long as a wrap or a job needs it, and runs on one lane.
#ifndef CAFFE_NODE_NET_STATE_H_
#define CAFFE_NODE_NET_STATE_H_

#include <atomic>
#include <boost/shared_ptr.hpp>
#include <caffe/net.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "convert.h"
#include "executor.h"

namespace caffe_node {

class LayerWatch;

using FloatNet = caffe::Net<float>;
using FloatBlob = caffe::Blob<float>;

enum class Part { kData, kDiff };

struct LayerFacts {
  std::string name;
  std::string type;
  std::vector<std::string> bottoms;
  std::vector<std::string> tops;
  std::vector<float> loss_weights;
  int params = 0;
};

// Values for a blob.
struct BlobFeed {
  std::string name;
  TensorData tensor;
  bool own_shape = false;  // the values take the shape that the blob has when the run begins
};

// One forward or backward run, as plain data.
struct RunRequest {
  std::vector<BlobFeed> feeds;
  int first = 0;
  int last = 0;
  std::vector<std::string> fetch;
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

  // ---- any thread, while no run is in flight, or on the lane inside one ------------------------------------------------
  // Throws DISPOSED after Dispose.
  FloatNet& net() const;
  boost::shared_ptr<FloatBlob> BlobNamed(const std::string& name) const;
  std::vector<boost::shared_ptr<FloatBlob>> LayerBlobs(int layer) const;

  // ---- on the lane -----------------------------------------------------------------------------------------------------
  std::vector<NamedTensor> Forward(const RunRequest& request, const StopFlag& stop);
  std::vector<NamedTensor> Backward(const RunRequest& request, const StopFlag& stop);
  // Lets the shapes of blobs that were reshaped travel through the net; when a layer refuses, all former shapes come back.
  void Reshape();
  // Remembers the shapes of all blobs as good ones. Forward does it by itself; a solver runs its net without it.
  void KeepShapes();
  // Every data layer goes on with the given item.
  void Rewind(std::uint64_t item);
  void Dispose();
  // The net died with its thread inside a Caffe that cannot throw; its memory must not be touched again.
  void Abandon();
  // Runs `body`, which runs layers of this net, so that `stop` takes effect before the next layer, labels are checked where Caffe
  // does not, and what a layer throws names it.
  void Watched(const StopFlag& stop, const std::function<void()>& body);

  // ---- the main thread ---------------------------------------------------------------------------------------------------
  bool busy() const { return runs_.load() > 0; }
  bool disposed() const { return disposed_.load(); }
  void MarkDisposed() { disposed_.store(true); }
  // Throws BUSY or DISPOSED.
  void RequireIdle() const;
  // The other's parameters become this net's; from then on runs of both exclude each other.
  void ShareWith(const NetState& other);

  // The layers of the net as Caffe completed them (phases resolved, splits inserted), without weights.
  std::string Prototxt() const;

  // Runs of nets that share parameters take one lock.
  const std::shared_ptr<std::mutex>& parameter_lock() const { return parameter_lock_; }
  Lane* lane() const { return lane_; }
  const std::vector<LayerFacts>& layers() const { return layers_; }
  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::vector<std::string>& outputs() const { return outputs_; }
  const std::vector<std::string>& blob_names() const { return blob_names_; }
  const std::string& name() const { return name_; }
  bool is_train() const { return is_train_; }
  // Bytes of blobs and parameters, values and diffs, as the garbage collector should see them.
  std::int64_t bytes() const { return bytes_; }

 private:
  friend class RunCount;

  void ReadFacts();
  // Lets new shapes of blobs travel through the net, or restores all former ones.
  void SpreadShapes();
  void RestoreShapes();
  void Feed(const std::vector<BlobFeed>& feeds, Part part);
  std::vector<NamedTensor> Fetch(const std::vector<std::string>& names, Part part) const;

  Lane* const lane_;
  boost::shared_ptr<FloatNet> net_;
  std::unique_ptr<LayerWatch> watch_;
  std::shared_ptr<std::mutex> parameter_lock_ = std::make_shared<std::mutex>();
  unsigned seed_;
  std::uint64_t train_runs_ = 0;
  std::atomic<int> runs_{0};
  std::atomic<bool> disposed_{false};

  std::string name_;
  bool is_train_ = false;
  std::vector<LayerFacts> layers_;
  std::vector<std::string> inputs_;
  std::vector<std::string> outputs_;
  std::vector<std::string> blob_names_;
  std::int64_t bytes_ = 0;
  std::vector<std::vector<int>> good_shapes_;  // of all blobs, after the last reshape that succeeded
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
