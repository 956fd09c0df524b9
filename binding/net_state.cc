#include "net_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "failure.h"
#include "flavour.h"
#include "layer_watch.h"
#include "layers/data_layer.h"
#include "message.h"

namespace caffe_node {

namespace {

// Restores the shapes of the blobs that a run reshapes, unless the run gets past its reshaping.
class ShapeGuard {
 public:
  explicit ShapeGuard(FloatNet* net) : net_(net) {}
  ~ShapeGuard() {
    if (kept_ || former_.empty()) return;
    for (const auto& [blob, shape] : former_) blob->Reshape(shape);
    net_->Reshape();
  }
  ShapeGuard(const ShapeGuard&) = delete;
  ShapeGuard& operator=(const ShapeGuard&) = delete;

  void Reshape(FloatBlob* blob, const std::vector<int>& shape) {
    former_.emplace_back(blob, blob->shape());
    blob->Reshape(shape);
  }
  // Lets the new shapes travel through the net, then keeps them. Whether there were any.
  bool Commit() {
    if (!former_.empty()) net_->Reshape();
    kept_ = true;
    return !former_.empty();
  }

 private:
  FloatNet* const net_;
  std::vector<std::pair<FloatBlob*, std::vector<int>>> former_;
  bool kept_ = false;
};

FloatBlob* MutableBlob(const FloatNet& net, const std::string& name) {
  if (!net.has_blob(name)) throw Failure("INPUT", "The net has no blob '" + name + "'.");
  return net.blob_by_name(name).get();
}

void RequireCount(const BlobFeed& feed, const FloatBlob& blob) {
  if (static_cast<std::size_t>(blob.count()) == feed.tensor.data.size()) return;
  FailureDetails details;
  details.blob = feed.name;
  details.hint = "Give a Tensor { shape, data } to use another shape.";
  throw Failure("INPUT",
                "'" + feed.name + "' was given " + std::to_string(feed.tensor.data.size()) + " values; its shape " +
                    ShapeText(blob.shape()) + " takes " + std::to_string(blob.count()) + ".",
                std::move(details));
}

}  // namespace

NetState::NetState(Lane* lane, const caffe::NetParameter& param, unsigned seed) : lane_(lane), seed_(seed) {
  flavour::Seed(seed);
  net_.reset(new FloatNet(param));  // boost::shared_ptr, as Caffe's own classes want it
  ReadFacts();
}

NetState::NetState(Lane* lane, boost::shared_ptr<FloatNet> net, unsigned seed) : lane_(lane), net_(std::move(net)), seed_(seed) {
  ReadFacts();
}

NetState::~NetState() = default;

void NetState::ReadFacts() {
  watch_ = std::make_unique<LayerWatch>(net_.get());
  name_ = net_->name();
  is_train_ = net_->phase() == caffe::TRAIN;
  blob_names_ = net_->blob_names();
  for (const int index : net_->input_blob_indices()) inputs_.push_back(blob_names_[index]);
  // Since the Input layer replaced the `input` field, Caffe reports no inputs of its own.
  for (std::size_t i = 0; i < net_->layers().size(); ++i) {
    const auto& layer = net_->layers()[i];
    LayerFacts facts;
    facts.name = net_->layer_names()[i];
    facts.type = layer->type();
    for (const int id : net_->bottom_ids(static_cast<int>(i))) facts.bottoms.push_back(blob_names_[id]);
    for (const int id : net_->top_ids(static_cast<int>(i))) facts.tops.push_back(blob_names_[id]);
    for (std::size_t top = 0; top < facts.tops.size(); ++top) facts.loss_weights.push_back(layer->loss(static_cast<int>(top)));
    facts.params = static_cast<int>(layer->blobs().size());
    if (facts.type == "Input") {
      for (const std::string& top : facts.tops) {
        if (std::find(inputs_.begin(), inputs_.end(), top) == inputs_.end()) inputs_.push_back(top);
      }
    }
    layers_.push_back(std::move(facts));
  }
  KeepShapes();
  for (const int index : net_->output_blob_indices()) outputs_.push_back(blob_names_[index]);
  for (const auto& blob : net_->blobs()) bytes_ += std::int64_t{4} * blob->count() * (is_train_ ? 2 : 1);
  for (const auto& blob : net_->params()) bytes_ += std::int64_t{4} * blob->count() * (is_train_ ? 2 : 1);
}

FloatNet& NetState::net() const {
  if (!net_) throw Failure("DISPOSED", "The net '" + name_ + "' has been disposed.");
  return *net_;
}

boost::shared_ptr<FloatBlob> NetState::BlobNamed(const std::string& name) const {
  MutableBlob(net(), name);
  return net().blob_by_name(name);
}

std::vector<boost::shared_ptr<FloatBlob>> NetState::LayerBlobs(int layer) const {
  const auto& all = net().layers();
  if (layer < 0 || static_cast<std::size_t>(layer) >= all.size())
    throw Failure("INPUT", "There is no layer " + std::to_string(layer) + ".");
  return all[layer]->blobs();
}

void NetState::RequireIdle() const {
  if (disposed()) throw Failure("DISPOSED", "The net '" + name_ + "' has been disposed.");
  if (busy()) {
    FailureDetails details;
    details.hint = "Await the run first, or use `await blob.read()`.";
    throw Failure("BUSY", "The net '" + name_ + "' is running.", std::move(details));
  }
}

void NetState::Feed(const std::vector<BlobFeed>& feeds, Part part) {
  ShapeGuard shapes(net_.get());
  for (const BlobFeed& feed : feeds) {
    FloatBlob* const blob = MutableBlob(net(), feed.name);
    if (!feed.own_shape && blob->shape() != feed.tensor.shape) shapes.Reshape(blob, feed.tensor.shape);
  }
  if (shapes.Commit()) KeepShapes();
  for (const BlobFeed& feed : feeds) {
    FloatBlob* const blob = MutableBlob(net(), feed.name);
    RequireCount(feed, *blob);
    if (feed.tensor.data.empty()) continue;
    float* const target = part == Part::kData ? blob->mutable_cpu_data() : blob->mutable_cpu_diff();
    std::memcpy(target, feed.tensor.data.data(), feed.tensor.data.size() * sizeof(float));
  }
}

std::vector<NamedTensor> NetState::Fetch(const std::vector<std::string>& names, Part part) const {
  std::vector<NamedTensor> result;
  for (const std::string& name : names) result.push_back({name, CopyOf(*MutableBlob(net(), name), part)});
  return result;
}

void NetState::Watched(const StopFlag& stop, const std::function<void()>& body) {
  watch_->Begin(stop);
  try {
    body();
  } catch (...) {
    const std::exception_ptr exception = std::current_exception();
    const int layer = watch_->layer();
    watch_->End();
    const Failure failure = AsFailure(exception);
    if (failure.code() == "ABORTED" || layer < 0) throw failure;
    throw InLayer(failure, layers_[static_cast<std::size_t>(layer)].name);
  }
  watch_->End();
}

void NetState::Reshape() {
  const std::lock_guard<std::mutex> lock(*parameter_lock_);
  // Blobs know their new shapes already; the ones that the last good pass left are kept beside them.
  try {
    net().Reshape();
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    for (std::size_t i = 0; i < good_shapes_.size(); ++i) net().blobs()[i]->Reshape(good_shapes_[i]);
    net().Reshape();
    throw Failure("SHAPE", std::string("The net refuses these shapes: ") + failure.what(), failure.details());
  }
  KeepShapes();
}

void NetState::KeepShapes() {
  good_shapes_.clear();
  for (const auto& blob : net_->blobs()) good_shapes_.push_back(blob->shape());
}

std::string NetState::Prototxt() const {
  caffe::NetParameter param;
  param.set_name(name_);
  for (const auto& layer : net().layers()) {
    caffe::LayerParameter* const copy = param.add_layer();
    *copy = layer->layer_param();
    copy->clear_blobs();
  }
  return PrintText(param);
}

std::vector<NamedTensor> NetState::Forward(const RunRequest& request, const StopFlag& stop) {
  const std::lock_guard<std::mutex> lock(*parameter_lock_);
  FloatNet& net = this->net();
  try {
    Feed(request.feeds, Part::kData);
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    if (failure.code() != "FATAL") throw;
    throw Failure("SHAPE", std::string("The net refuses these shapes: ") + failure.what(), failure.details());
  }
  if (is_train_) flavour::Seed(MixSeed(seed_, train_runs_++));
  Watched(stop, [&] { net.ForwardFromTo(request.first, request.last); });
  return Fetch(request.fetch, Part::kData);
}

std::vector<NamedTensor> NetState::Backward(const RunRequest& request, const StopFlag& stop) {
  const std::lock_guard<std::mutex> lock(*parameter_lock_);
  FloatNet& net = this->net();
  for (const BlobFeed& feed : request.feeds) {
    if (!feed.own_shape && MutableBlob(net, feed.name)->shape() != feed.tensor.shape) {
      throw Failure("SHAPE", "The diff of '" + feed.name + "' has the shape " + ShapeText(MutableBlob(net, feed.name)->shape()) +
                                 "; " + ShapeText(feed.tensor.shape) + " was given.");
    }
  }
  Feed(request.feeds, Part::kDiff);
  Watched(stop, [&] { net.BackwardFromTo(request.first, request.last); });
  return Fetch(request.fetch, Part::kDiff);
}

void NetState::Rewind(std::uint64_t item) {
  for (const auto& layer : net().layers()) {
    if (auto* const data = dynamic_cast<DataLayer*>(layer.get())) data->Rewind(item);
  }
}

void NetState::Dispose() {
  const std::lock_guard<std::mutex> lock(*parameter_lock_);
  watch_.reset();
  net_.reset();
}

void NetState::Abandon() {
  MarkDisposed();
  // Left where it is, owned by nobody: the parked thread still stands inside it.
  static_cast<void>(new boost::shared_ptr<FloatNet>(std::move(net_)));
  static_cast<void>(watch_.release());
}

void NetState::ShareWith(const NetState& other) {
  net().ShareTrainedLayersWith(&other.net());
  parameter_lock_ = other.parameter_lock_;
}

TensorData CopyOf(const FloatBlob& blob, Part part) {
  TensorData copy;
  copy.shape = blob.shape();
  if (blob.count() == 0) return copy;
  const float* const values = part == Part::kData ? blob.cpu_data() : blob.cpu_diff();
  copy.data.assign(values, values + blob.count());
  return copy;
}

std::string ShapeText(const std::vector<int>& shape) {
  std::string text;
  for (const int extent : shape) text += (text.empty() ? "" : "×") + std::to_string(extent);
  return text.empty() ? "scalar" : text;
}

unsigned MixSeed(unsigned seed, std::uint64_t iteration) {
  // splitmix64, by Sebastiano Vigna (public domain): neighbours in (seed, iteration) give unrelated seeds.
  std::uint64_t mixed = (std::uint64_t{seed} << 32) + iteration + 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return static_cast<unsigned>((mixed ^ (mixed >> 31)) >> 32);
}

}  // namespace caffe_node
