#include "net_state.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "failure.h"
#include "flavour.h"
#include "layer_watch.h"
#include "layers/data_layer.h"
#include "message.h"

namespace caffe_node {

namespace {

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
  std::vector<std::pair<FloatBlob*, const std::vector<int>*>> reshaped;
  for (const BlobFeed& feed : feeds) {
    FloatBlob* const blob = MutableBlob(net(), feed.name);
    if (feed.own_shape || blob->shape() == feed.tensor.shape) continue;
    CheckShape(feed.tensor.shape);
    reshaped.emplace_back(blob, &feed.tensor.shape);
  }
  if (!reshaped.empty()) {
    for (const auto& [blob, shape] : reshaped) blob->Reshape(*shape);
    SpreadShapes();
  }
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
  static_cast<void>(net());
  SpreadShapes();
}

void NetState::SpreadShapes() {
  try {
    net_->Reshape();
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    RestoreShapes();
    throw Failure("SHAPE", std::string("The net refuses these shapes: ") + failure.what(), failure.details());
  }
  KeepShapes();
}

void NetState::RestoreShapes() {
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) net_->blobs()[i]->Reshape(good_shapes_[i]);
  net_->Reshape();
}

void NetState::KeepShapes() {
  // After every forward pass: assigned in place, so that nothing is allocated while the shapes stay.
  good_shapes_.resize(net_->blobs().size());
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) good_shapes_[i] = net_->blobs()[i]->shape();
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
  Feed(request.feeds, Part::kData);
  if (is_train_) flavour::Seed(MixSeed(seed_, train_runs_++));
  Watched(stop, [&] { net.ForwardFromTo(request.first, request.last); });
  KeepShapes();
  return Fetch(request.fetch, Part::kData);
}

std::vector<NamedTensor> NetState::Backward(const RunRequest& request, const StopFlag& stop) {
  const std::lock_guard<std::mutex> lock(*parameter_lock_);
  FloatNet& net = this->net();
  // Layers take on new shapes in their forward pass only: a backward pass over others would leave its memory.
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) {
    if (net.blobs()[i]->shape() == good_shapes_[i]) continue;
    FailureDetails details;
    details.blob = blob_names_[i];
    details.hint = "Run forward first.";
    throw Failure("SHAPE", "Blob '" + blob_names_[i] + "' was reshaped after the last forward pass.", std::move(details));
  }
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
  // Caffe would stop at the first layer that differs, with those before it shared already.
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const auto known = std::find_if(other.layers_.begin(), other.layers_.end(),
                                    [&](const LayerFacts& layer) { return layer.name == layers_[i].name; });
    if (known == other.layers_.end()) continue;
    const auto& own = net().layers()[i]->blobs();
    const auto& others = other.net().layers()[static_cast<std::size_t>(known - other.layers_.begin())]->blobs();
    const bool same =
        own.size() == others.size() &&
        std::equal(own.begin(), own.end(), others.begin(), [](const auto& a, const auto& b) { return a->shape() == b->shape(); });
    if (same) continue;
    FailureDetails details;
    details.layer = layers_[i].name;
    throw Failure("SHAPE", "The parameters of layer '" + layers_[i].name + "' have other shapes in the two nets.",
                  std::move(details));
  }
  net().ShareTrainedLayersWith(&other.net());
  parameter_lock_ = other.parameter_lock_;
}

void CheckShape(const std::vector<int>& shape) {
  constexpr int kMostAxes = 32;  // caffe::kMaxBlobAxes
  if (shape.size() > kMostAxes)
    throw Failure("SHAPE", "A blob has at most 32 axes; " + std::to_string(shape.size()) + " were given.");
  std::int64_t count = 1;
  for (const int extent : shape) {
    // Caffe's layers divide by the extents of their bottoms.
    if (extent < 1) throw Failure("SHAPE", "A shape has numbers from 1 only; " + ShapeText(shape) + " was given.");
    count *= extent;
    if (count > std::numeric_limits<int>::max()) {
      throw Failure("SHAPE", "A blob of shape " + ShapeText(shape) + " has 2^31 values or more.");
    }
  }
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
