#include "net_jobs.h"

#include "net.h"

namespace caffe_node {

namespace {

std::vector<BlobFeed> ToFeeds(const Napi::Value& value) {
  if (!value.IsArray()) throw Failure("INPUT", "feeds must be an array.");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<BlobFeed> feeds;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Object object = ToObject(array.Get(i), "A feed");
    BlobFeed feed;
    feed.name = ToString(object.Get("name"), "The name of a blob");
    feed.own_shape = !Has(object, "shape");
    if (!feed.own_shape) feed.shape = ToInts(object.Get("shape"), "The shape of a feed");
    const Napi::Value data = object.Get("data");
    if (!data.IsTypedArray() || data.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
      throw Failure("INPUT", "The values of a feed must be a Float32Array.");
    }
    // The one copy of the values: the caller may change its array as soon as the call returns, and the blob takes this one over.
    const auto values = data.As<Napi::Float32Array>();
    feed.count = values.ElementLength();
    feed.values = CopyToMemory(values.Data(), feed.count);
    feeds.push_back(std::move(feed));
  }
  return feeds;
}

int ToLayer(const Napi::Value& value, const NetState& net) {
  const int layer = ToInt(value, "A layer's index");
  if (layer < 0 || static_cast<std::size_t>(layer) >= net.layers().size()) {
    throw Failure("INPUT", "There is no layer " + std::to_string(layer) + ".");
  }
  return layer;
}

Napi::Array ToJs(Napi::Env env, const std::vector<std::pair<std::string, std::string>>& renamed) {
  Napi::Array array = Napi::Array::New(env);
  for (const auto& [from, to] : renamed) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("from", from);
    entry.Set("to", to);
    array.Set(array.Length(), entry);
  }
  return array;
}

Napi::Array ToJs(Napi::Env env, const std::vector<Mismatch>& mismatched) {
  Napi::Array array = Napi::Array::New(env);
  for (const Mismatch& mismatch : mismatched) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("layer", mismatch.layer);
    entry.Set("index", mismatch.index);
    entry.Set("file", caffe_node::ToJs(env, mismatch.file));
    entry.Set("net", caffe_node::ToJs(env, mismatch.net));
    array.Set(array.Length(), entry);
  }
  return array;
}

}  // namespace

void LoadJob::Execute(const StopFlag&) {
  const caffe::NetParameter param = ReadNet(request_.model, request_.base, request_.state);
  net_ = std::make_shared<NetState>(lane_, param, request_.seed);
  for (WeightsSource& weights : request_.weights) {
    CopyRequest copy;
    copy.weights = std::move(weights);
    CopyWeights(net_.get(), copy);
  }
  net_->UseEngine(std::move(request_.engine));
}

Napi::Value LoadJob::Settle(Napi::Env env) { return NetWrap::New(env, net_); }

void AttachJob::Execute(const StopFlag&) {
  net_ = std::make_shared<NetState>(lane_, parameters_->model, seed_);
  net_->Attach(parameters_);
  net_->UseEngine(std::move(engine_));
  // The parameters that the net was built with, until it had others, would stay with the allocator.
  ReturnFreedMemory();
}

Napi::Value AttachJob::Settle(Napi::Env env) { return NetWrap::New(env, net_); }

Napi::Value ShapesJob::Result(Napi::Env env) {
  Napi::Array shapes = Napi::Array::New(env);
  for (const std::vector<int>& shape : shapes_) shapes.Set(shapes.Length(), caffe_node::ToJs(env, shape));
  return shapes;
}

Napi::Value CopyJob::Result(Napi::Env env) {
  Napi::Object report = Napi::Object::New(env);
  report.Set("copied", caffe_node::ToJs(env, result_.copied));
  report.Set("missing", caffe_node::ToJs(env, result_.missing));
  report.Set("unused", caffe_node::ToJs(env, result_.unused));
  report.Set("renamed", ToJs(env, result_.renamed));
  report.Set("mismatched", ToJs(env, result_.mismatched));
  return report;
}

WeightsSource ToWeightsSource(const Napi::Value& value) {
  WeightsSource source;
  if (value.IsString()) {
    source.path = ToString(value, "The path of weights");
    if (source.path.empty()) throw Failure("INPUT", "The path of the weights is empty.");
  } else {
    source.bytes = ToBytes(value, "Weights");
  }
  return source;
}

std::vector<WeightsSource> ToWeightsSources(const Napi::Value& value) {
  if (!value.IsArray()) throw Failure("INPUT", "weights must be an array.");
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<WeightsSource> sources;
  for (uint32_t i = 0; i < array.Length(); ++i) sources.push_back(ToWeightsSource(array.Get(i)));
  return sources;
}

LoadRequest ToLoadRequest(const Napi::Object& object, unsigned seed) {
  LoadRequest request;
  request.model = ToModelSource(object.Get("model"));
  request.base = ToString(object.Get("basePath"), "basePath");
  request.state.set_phase(ToString(object.Get("phase"), "phase") == "train" ? caffe::TRAIN : caffe::TEST);
  request.state.set_level(ToInt(object.Get("level"), "level"));
  for (const std::string& stage : ToStrings(object.Get("stages"), "stages")) request.state.add_stage(stage);
  request.weights = ToWeightsSources(object.Get("weights"));
  if (Has(object, "engine")) request.engine = ToEngineOptions(object.Get("engine"));
  request.seed = seed;
  return request;
}

RunRequest ToRunRequest(const Napi::Object& object, const NetState& net, bool forward) {
  RunRequest request;
  request.feeds = ToFeeds(object.Get("feeds"));
  request.first = ToLayer(object.Get("first"), net);
  request.last = ToLayer(object.Get("last"), net);
  if (forward ? request.first > request.last : request.first < request.last) {
    throw Failure("INPUT", "The last layer of the run comes before its first.");
  }
  request.fetch = ToStrings(object.Get("fetch"), "fetch");
  request.timed = Has(object, "timed") && ToBool(object.Get("timed"), "timed");
  return request;
}

MemoryItems ToMemoryItems(const Napi::Object& object) {
  TensorData data = ToTensor(object.Get("data"), "The data");
  MemoryItems items;
  items.shape = std::move(data.shape);
  items.data = std::move(data.data);
  items.labels = ToFloats(object.Get("labels"), "The labels");
  return items;
}

ShareTicket ToShareTicket(const Napi::Object& object) {
  const double id = ToDouble(object.Get("id"), "The id of a handle");
  constexpr double kMost = 9007199254740991.0;
  ShareTicket ticket;
  ticket.process = ToString(object.Get("process"), "The process of a handle");
  ticket.id = id >= 0 && id <= kMost ? static_cast<std::uint64_t>(id) : 0;
  return ticket;
}

CopyRequest ToCopyRequest(const Napi::Object& object) {
  CopyRequest request;
  request.weights = ToWeightsSource(object.Get("weights"));
  request.strict = ToBool(object.Get("strict"), "strict");
  request.ignore = ToStrings(object.Get("ignore"), "ignore");
  const Napi::Object rename = ToObject(object.Get("rename"), "rename");
  const Napi::Array names = rename.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string from = ToString(names.Get(i), "A layer's name");
    request.rename[from] = ToString(rename.Get(from), "A layer's new name");
  }
  return request;
}

}  // namespace caffe_node
