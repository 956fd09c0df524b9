#include "net_state.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "checks/creation.h"
#include "checks/initial_weights.h"
#include "failure.h"
#include "flavour.h"
#include "layer_watch.h"
#include "layers/data_layer.h"
#include "message.h"
#include "net_engine.h"
#include "training_engine.h"

namespace caffe_node {

namespace {

FloatBlob* MutableBlob(const FloatNet& net, const std::string& name) {
  if (!net.has_blob(name)) throw Failure("INPUT", "The net has no blob '" + name + "'.");
  return net.blob_by_name(name).get();
}

void RequireCount(const BlobFeed& feed, const FloatBlob& blob) {
  if (static_cast<std::size_t>(blob.count()) == feed.count) return;
  FailureDetails details;
  details.blob = feed.name;
  details.hint = "Give a Tensor { shape, data } to use another shape.";
  throw Failure("INPUT",
                "'" + feed.name + "' was given " + std::to_string(feed.count) + " values; its shape " + ShapeText(blob.shape()) +
                    " takes " + std::to_string(blob.count()) + ".",
                std::move(details));
}

}  // namespace

NetState::NetState(Lane* lane, const caffe::NetParameter& param, unsigned seed) : lane_(lane), seed_(seed) {
  RequireMemoryForSources(param);
  flavour::Seed(seed);
  const CreationTrace trace;
  try {
    net_.reset(new FloatNet(WithoutWeights(param)));  // boost::shared_ptr, as Caffe's own classes want it
  } catch (...) {
    throw trace.Explain(std::current_exception());
  }
  PutWeights(param, net_.get());
  ReadFacts();
}

NetState::NetState(Lane* lane, boost::shared_ptr<FloatNet> net, unsigned seed) : lane_(lane), net_(std::move(net)), seed_(seed) {
  ReadFacts();
}

NetState::~NetState() = default;

void NetState::ReadFacts() {
  name_ = net_->name();
  is_train_ = net_->phase() == caffe::TRAIN;
  blob_names_ = net_->blob_names();
  for (const int index : net_->input_blob_indices()) inputs_.push_back(blob_names_[index]);
  for (const int index : net_->output_blob_indices()) outputs_.push_back(blob_names_[index]);
  ReadLayers();
  columns_ = RequireMemoryToRun(*net_, name_);
  watch_ = std::make_unique<LayerWatch>(net_.get(), events_.get());
  UseEngine({});
  KeepShapes();
}

void NetState::ReadLayers() {
  static const std::set<std::string> lenders{"MemoryData", "ImageData", "WindowData"};
  static const std::set<std::string> sharers{"Split", "Flatten", "Reshape"};  // of the memory of their bottom
  std::vector<ParameterOwner> parameters;  // in the net's own order, as its owners are numbered
  for (std::size_t i = 0; i < net_->layers().size(); ++i) {
    const auto& layer = net_->layers()[i];
    LayerFacts facts;
    facts.name = net_->layer_names()[i];
    facts.type = layer->type();
    for (const int id : net_->bottom_ids(static_cast<int>(i))) facts.bottoms.push_back(blob_names_[id]);
    for (const int id : net_->top_ids(static_cast<int>(i))) facts.tops.push_back(blob_names_[id]);
    for (std::size_t top = 0; top < facts.tops.size(); ++top) facts.loss_weights.push_back(layer->loss(static_cast<int>(top)));
    for (std::size_t index = 0; index < layer->blobs().size(); ++index) {
      const int owner = net_->param_owners()[parameters.size()];
      parameters.push_back(owner < 0 ? ParameterOwner{static_cast<int>(i), static_cast<int>(index)} : parameters[owner]);
      facts.params.push_back(parameters.back());
    }
    for (const std::string& top : facts.tops) {
      // Since the Input layer replaced the `input` field, some Caffes report no inputs of their own.
      if (facts.type == "Input" && std::find(inputs_.begin(), inputs_.end(), top) == inputs_.end()) inputs_.push_back(top);
      const bool lent = lenders.count(facts.type) > 0 ||
                        (sharers.count(facts.type) > 0 && !facts.bottoms.empty() && lent_.count(facts.bottoms[0]) > 0);
      if (lent) lent_.insert(top);
    }
    layers_.push_back(std::move(facts));
  }
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
  if (disposed() || !lent()) RequireStill();
}

void NetState::RequireStill() const {
  if (disposed()) throw Failure("DISPOSED", "The net '" + name_ + "' has been disposed.");
  if (!busy()) return;
  FailureDetails details;
  details.hint = lent() ? "Do it after the run: its callbacks may change values, not shapes."
                        : "Await the run first, or use `await blob.read()`.";
  throw Failure("BUSY", "The net '" + name_ + "' is running.", std::move(details));
}

void NetState::Feed(const std::vector<BlobFeed>& feeds, Part part) {
  // All values or none; the shapes were taken before.
  for (const BlobFeed& feed : feeds) RequireCount(feed, *MutableBlob(net(), feed.name));
  for (const BlobFeed& feed : feeds) {
    PutValues(feed.values, part, MutableBlob(net(), feed.name));
    if (part == Part::kData) engine_->NoteComputed(feed.name);
  }
}

std::vector<NamedTensor> NetState::Fetch(const std::vector<std::string>& names, Part part) const {
  std::vector<NamedTensor> result;
  for (const std::string& name : names) {
    FloatBlob* const blob = MutableBlob(net(), name);
    FitMemory(blob);
    result.push_back({name, CopyOf(*blob, part)});
  }
  return result;
}

void NetState::Watched(const StopFlag& stop, const std::function<void()>& body) {
  const LendScope lend(lending_, parameter_lock_.get());
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

void NetState::Lend(const std::function<void()>& body) {
  const LendScope lend(lending_, parameter_lock_.get());
  body();
}

caffe::NetParameter NetState::Model() const {
  caffe::NetParameter model;
  model.set_name(name_);
  const auto& needs_backward = net().layer_need_backward();
  // Only when it is forced do the sources go backward, too.
  model.set_force_backward(std::all_of(needs_backward.begin(), needs_backward.end(), [](bool needs) { return needs; }));
  for (const auto& layer : net().layers()) {
    caffe::LayerParameter* const copy = model.add_layer();
    *copy = layer->layer_param();
    copy->clear_blobs();
    copy->clear_include();
    copy->clear_exclude();
  }
  return model;
}

std::string NetState::Prototxt() const { return PrintText(Model()); }

void NetState::Measure() {
  if (!net_) return;
  // After every run: most change nothing.
  const std::int64_t in_plans = engine_->Bytes() + training_->Bytes();
  const std::int64_t by_each = HeldByEach(*net_) + in_plans;
  if (std::exchange(held_by_each_, by_each) == by_each) return;
  const std::size_t items = items_ ? items_->data.size() + items_->labels.size() : 0;
  held_bytes_.store(HeldMemory(*net_, foreign_) + in_plans + static_cast<std::int64_t>(items * sizeof(float)));
}

void NetState::ReportMemory(Napi::Env env) {
  const std::int64_t held = wraps_ > 0 ? held_bytes_.load() : 0;
  if (held == reported_bytes_) return;
  Napi::MemoryManagement::AdjustExternalMemory(env, held - std::exchange(reported_bytes_, held));
}

std::vector<NamedTensor> NetState::Forward(const RunRequest& request, const StopFlag& stop) {
  const StoppableLockGuard lock(*parameter_lock_, stop);
  for (const std::string& name : request.fetch) MutableBlob(net(), name);
  // What the first layer finds in its bottoms is what the last run left there.
  if (request.first > 0) ComputeRest(stop);
  TakeShapes(request.feeds);
  Feed(request.feeds, Part::kData);
  Compute(request, stop);
  for (const std::string& name : request.fetch) engine_->RequireComputed(name);
  return Fetch(request.fetch, Part::kData);
}

std::vector<NamedTensor> NetState::Backward(const RunRequest& request, const StopFlag& stop) {
  const StoppableLockGuard lock(*parameter_lock_, stop);
  FloatNet& net = this->net();
  // Layers take on new shapes in their forward pass only: a backward pass over others would leave its memory.
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) {
    if (net.blobs()[i]->shape() == good_shapes_[i]) continue;
    FailureDetails details;
    details.blob = blob_names_[i];
    details.hint = "Run forward first.";
    throw Failure("SHAPE", "Blob '" + blob_names_[i] + "' was reshaped after the last forward pass.", std::move(details));
  }
  if (request.first > adapted_) {
    FailureDetails details;
    details.layer = layers_[static_cast<std::size_t>(request.first)].name;
    details.hint = "Run forward as far as this layer first.";
    throw Failure("SHAPE", "Layer '" + details.layer + "' has not seen the shapes of the last forward pass.", details);
  }
  for (const BlobFeed& feed : request.feeds) {
    if (!feed.own_shape && MutableBlob(net, feed.name)->shape() != feed.shape) {
      throw Failure("SHAPE", "The diff of '" + feed.name + "' has the shape " + ShapeText(MutableBlob(net, feed.name)->shape()) +
                                 "; " + ShapeText(feed.shape) + " was given.");
    }
  }
  ComputeRest(stop);
  ran_backward_ = true;
  Feed(request.feeds, Part::kDiff);
  Watched(stop, [&] { net.BackwardFromTo(request.first, request.last); });
  Measure();
  return Fetch(request.fetch, Part::kDiff);
}

std::vector<std::vector<int>> NetState::ShapesOf(const std::vector<std::string>& names) const {
  std::vector<std::vector<int>> shapes;
  for (const std::string& name : names) shapes.push_back(MutableBlob(net(), name)->shape());
  return shapes;
}

void NetState::Rewind(std::uint64_t item) {
  for (const auto& layer : net().layers()) {
    if (auto* const data = dynamic_cast<DataLayer*>(layer.get())) data->Rewind(item);
  }
}

// Without the lock: this only gives up references, and who holds the lock may wait for us to end.
void NetState::Dispose() {
  training_.reset();
  engine_.reset();
  watch_.reset();
  net_.reset();
  items_.reset();
  shared_.reset();
  held_bytes_.store(0);
}

void NetState::Abandon() {
  MarkDisposed();
  // Left where it is, owned by nobody: the parked thread still stands inside it.
  static_cast<void>(new boost::shared_ptr<FloatNet>(std::move(net_)));
  static_cast<void>(watch_.release());
  static_cast<void>(engine_.release());
  static_cast<void>(training_.release());
  parameter_lock_->UnlockHere();
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
