#include "net.h"

#include <utility>

#include "blob.h"
#include "environment.h"
#include "message.h"
#include "net_jobs.h"
#include "plan_to_js.h"
#include "stop_flag.h"
#include "wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x2a9d4f6c81e34b05, 0xb1c7e8a2d5f09346};

Napi::Value LoadNet(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment& environment = Environment::Of(info.Env());
    LoadRequest request = ToLoadRequest(ToObject(info[0], "A request"), environment.NextSeed());
    Lane* const lane = environment.executor().NextLane();
    return environment.executor().Post(lane, std::make_unique<LoadJob>(lane, std::move(request)));
  });
}

Napi::Object LayerToJs(Napi::Env env, const LayerFacts& facts) {
  Napi::Object layer = Napi::Object::New(env);
  layer.Set("name", facts.name);
  layer.Set("type", facts.type);
  layer.Set("bottoms", ToJs(env, facts.bottoms));
  layer.Set("tops", ToJs(env, facts.tops));
  Napi::Array owners = Napi::Array::New(env);
  for (const ParameterOwner& owner : facts.params) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("layer", owner.layer);
    entry.Set("index", owner.index);
    owners.Set(owners.Length(), entry);
  }
  layer.Set("params", owners);
  Napi::Array weights = Napi::Array::New(env);
  for (const float weight : facts.loss_weights) weights.Set(weights.Length(), Napi::Number::New(env, weight));
  layer.Set("lossWeights", weights);
  return layer;
}

Napi::Value AttachNet(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment& environment = Environment::Of(info.Env());
    std::shared_ptr<SharedParameters> parameters = FindShared(ToShareTicket(ToObject(info[0], "A handle")));
    EngineOptions engine = ToEngineOptions(info[1]);
    Lane* const lane = environment.executor().NextLane();
    return environment.executor().Post(
        lane, std::make_unique<AttachJob>(lane, std::move(parameters), std::move(engine), environment.NextSeed()));
  });
}

Napi::Object BytesToJs(Napi::Env env, const BlobBytes& bytes) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("data", static_cast<double>(bytes.data));
  object.Set("diff", static_cast<double>(bytes.diff));
  return object;
}

}  // namespace

NetWrap::NetWrap(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<NetWrap>(info), net_(WrapContent<std::shared_ptr<NetState>>(info)) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
  net_->CountWrap(1);
  net_->ReportMemory(info.Env());
}

void NetWrap::Finalize(Napi::Env env) {
  net_->CountWrap(-1);
  net_->ReportMemory(env);
}

void NetWrap::Register(Napi::Env env, Napi::Object exports) {
  Environment::Of(env).net_class = Napi::Persistent(DefineClass(env, "Net",
                                                                {InstanceAccessor<&NetWrap::Facts>("facts"),
                                                                 InstanceAccessor<&NetWrap::Busy>("busy"),
                                                                 InstanceMethod("blob", &NetWrap::BlobNamed),
                                                                 InstanceMethod("param", &NetWrap::Param),
                                                                 InstanceMethod("forward", &NetWrap::Forward),
                                                                 InstanceMethod("backward", &NetWrap::Backward),
                                                                 InstanceMethod("reshape", &NetWrap::Reshape),
                                                                 InstanceMethod("copyFrom", &NetWrap::CopyFrom),
                                                                 InstanceMethod("shareWith", &NetWrap::ShareWith),
                                                                 InstanceMethod("share", &NetWrap::Share),
                                                                 InstanceMethod("shapes", &NetWrap::Shapes),
                                                                 InstanceMethod("memory", &NetWrap::Memory),
                                                                 InstanceMethod("engine", &NetWrap::Engine),
                                                                 InstanceMethod("plan", &NetWrap::Plan),
                                                                 InstanceMethod("listen", &NetWrap::Listen),
                                                                 InstanceMethod("setItems", &NetWrap::SetItems),
                                                                 InstanceMethod("save", &NetWrap::Save),
                                                                 InstanceMethod("toBuffer", &NetWrap::ToBuffer),
                                                                 InstanceMethod("toPrototxt", &NetWrap::ToPrototxt),
                                                                 InstanceMethod("clearParamDiffs", &NetWrap::ClearParamDiffs),
                                                                 InstanceMethod("rewind", &NetWrap::Rewind),
                                                                 InstanceMethod("dispose", &NetWrap::Dispose)}));
  exports.Set("loadNet", Napi::Function::New(env, LoadNet));
  exports.Set("attachNet", Napi::Function::New(env, AttachNet));
  exports.Set("externalMemory", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Number::New(info.Env(),
                                         static_cast<double>(Napi::MemoryManagement::AdjustExternalMemory(info.Env(), 0)));
              }));
  exports.Set("isNet", Napi::Function::New(env, [](const Napi::CallbackInfo& info) -> Napi::Value {
                return Napi::Boolean::New(info.Env(), info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kTag));
              }));
}

Napi::Object NetWrap::New(Napi::Env env, const std::shared_ptr<NetState>& net) {
  return NewWrap(env, Environment::Of(env).net_class, net);
}

const std::shared_ptr<NetState>& NetWrap::From(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kTag)) throw Failure("INPUT", "A net was expected.");
  return Unwrap(value.As<Napi::Object>())->net_;
}

void NetWrap::RequireAlive() const {
  if (net_->disposed()) throw Failure("DISPOSED", "The net '" + net_->name() + "' has been disposed.");
}

Napi::Value NetWrap::Facts(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  Napi::Object facts = Napi::Object::New(env);
  facts.Set("name", net_->name());
  facts.Set("phase", net_->is_train() ? "train" : "test");
  facts.Set("inputs", ToJs(env, net_->inputs()));
  facts.Set("outputs", ToJs(env, net_->outputs()));
  facts.Set("blobNames", ToJs(env, net_->blob_names()));
  Napi::Array layers = Napi::Array::New(env);
  for (const LayerFacts& layer : net_->layers()) layers.Set(layers.Length(), LayerToJs(env, layer));
  facts.Set("layers", layers);
  return facts;
}

Napi::Value NetWrap::Busy(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Napi::Boolean::New(info.Env(), net_->busy());
}

Napi::Value NetWrap::BlobNamed(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const std::string name = ToString(info[0], "The name of a blob");
    RequireAlive();
    const bool lent = net_->IsLent(name);
    const BlobContent content{net_, net_->BlobNamed(name), lent, lent, false, name};
    return NewWrap(info.Env(), Environment::Of(info.Env()).blob_class, content);
  });
}

Napi::Value NetWrap::Param(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const int layer = ToInt(info[0], "A layer's index");
    const int index = ToInt(info[1], "A parameter's index");
    RequireAlive();
    const auto blobs = net_->LayerBlobs(layer);
    if (index < 0 || static_cast<std::size_t>(index) >= blobs.size()) throw Failure("INPUT", "The layer has no such parameter.");
    return NewWrap(info.Env(), Environment::Of(info.Env()).blob_class, BlobContent{net_, blobs[index], false, true, true, ""});
  });
}

Napi::Value NetWrap::Run(const Napi::CallbackInfo& info, bool forward) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Object object = ToObject(info[0], "A request");
    std::shared_ptr<StopFlag> stop = StopFlagWrap::From(object.Get("stop"));
    RunRequest request = ToRunRequest(object, *net_, forward);
    RequireAlive();
    return Environment::Of(info.Env())
        .executor()
        .Post(net_->lane(), std::make_unique<RunJob>(net_, std::move(request), forward), std::move(stop));
  });
}

Napi::Value NetWrap::Forward(const Napi::CallbackInfo& info) { return Run(info, true); }

Napi::Value NetWrap::Backward(const Napi::CallbackInfo& info) { return Run(info, false); }

Napi::Value NetWrap::PostBody(Napi::Env env, std::function<void(NetState*)> body) {
  return Guarded(env, [&]() -> Napi::Value {
    RequireAlive();
    return Environment::Of(env).executor().Post(net_->lane(), std::make_unique<BodyJob>(net_, std::move(body)));
  });
}

Napi::Value NetWrap::Reshape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return PostBody(info.Env(), [](NetState* net) { net->Reshape(); });
}

Napi::Value NetWrap::CopyFrom(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    CopyRequest request = ToCopyRequest(ToObject(info[0], "A request"));
    RequireAlive();
    return Environment::Of(info.Env()).executor().Post(net_->lane(), std::make_unique<CopyJob>(net_, std::move(request)));
  });
}

Napi::Value NetWrap::ShareWith(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const std::shared_ptr<NetState> other = From(info[0]);
    net_->RequireStill();
    other->RequireStill();
    net_->LetGo(info.Env());
    net_->ShareWith(*other);
    return info.Env().Undefined();
  });
}

Napi::Value NetWrap::Share(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  return Guarded(env, [&]() -> Napi::Value {
    net_->RequireIdle();
    const ShareTicket ticket = TicketOf(*net_->Share(env));
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("process", ticket.process);
    handle.Set("id", static_cast<double>(ticket.id));
    return handle;
  });
}

Napi::Value NetWrap::Shapes(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    std::vector<std::string> names = ToStrings(info[0], "The names of blobs");
    RequireAlive();
    return Environment::Of(info.Env()).executor().Post(net_->lane(), std::make_unique<ShapesJob>(net_, std::move(names)));
  });
}

Napi::Value NetWrap::Memory(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  return Guarded(env, [&]() -> Napi::Value {
    net_->RequireIdle();
    const NetMemory memory = net_->Memory();
    Napi::Array blobs = Napi::Array::New(env);
    for (const BlobBytes& bytes : memory.blobs) blobs.Set(blobs.Length(), BytesToJs(env, bytes));
    Napi::Array layers = Napi::Array::New(env);
    for (const std::vector<BlobBytes>& params : memory.params) {
      Napi::Array layer = Napi::Array::New(env);
      for (const BlobBytes& bytes : params) layer.Set(layer.Length(), BytesToJs(env, bytes));
      layers.Set(layers.Length(), layer);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("blobs", blobs);
    object.Set("params", layers);
    object.Set("total", static_cast<double>(memory.total));
    return object;
  });
}

Napi::Value NetWrap::Engine(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    net_->RequireIdle();
    return EngineToJs(info.Env(), *net_);
  });
}

Napi::Value NetWrap::Plan(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    net_->RequireIdle();
    return PlanToJs(info.Env(), *net_);
  });
}

Napi::Value NetWrap::Listen(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    if (!info[0].IsFunction()) throw Failure("INPUT", "A listener must be a function.");
    const bool forward = ToBool(info[1], "forward");
    const bool backward = ToBool(info[2], "backward");
    net_->events()->Listen(&Environment::Of(info.Env()).executor(), info[0].As<Napi::Function>(), forward, backward);
    return info.Env().Undefined();
  });
}

Napi::Value NetWrap::SetItems(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  std::function<void(NetState*)> body;
  Guarded(info.Env(), [&] {
    const auto items = std::make_shared<MemoryItems>(ToMemoryItems(ToObject(info[0], "A request")));
    body = [items](NetState* net) { net->SetItems(std::move(*items)); };
  });
  return PostBody(info.Env(), std::move(body));
}

Napi::Value NetWrap::Save(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  std::function<void(NetState*)> body;
  Guarded(info.Env(), [&] {
    const std::string path = ToString(info[0], "A path");
    const Napi::Object options = ToObject(info[1], "options");
    const bool hdf5 = ToString(options.Get("format"), "format") == "hdf5";
    const bool diffs = ToBool(options.Get("diffs"), "diffs");
    body = [path, hdf5, diffs](NetState* net) { SaveWeights(net, path, hdf5, diffs); };
  });
  return PostBody(info.Env(), std::move(body));
}

Napi::Value NetWrap::ToBuffer(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    RequireAlive();
    return Environment::Of(info.Env()).executor().Post(net_->lane(), std::make_unique<SerializeJob>(net_));
  });
}

Napi::Value NetWrap::ToPrototxt(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    net_->RequireIdle();
    return Napi::String::New(info.Env(), net_->Prototxt());
  });
}

Napi::Value NetWrap::ClearParamDiffs(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    net_->RequireIdle();
    net_->net().ClearParamDiffs();
    return info.Env().Undefined();
  });
}

Napi::Value NetWrap::Rewind(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  std::uint64_t item = 0;
  Guarded(info.Env(), [&] {
    const double value = ToDouble(info[0], "An item's number");
    if (!(value >= 0 && value <= 9007199254740991.0)) throw Failure("INPUT", "An item's number must be 0 or more.");
    item = static_cast<std::uint64_t>(value);
  });
  return PostBody(info.Env(), [item](NetState* net) { net->Rewind(item); });
}

Napi::Value NetWrap::Dispose(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  return Guarded(env, [&]() -> Napi::Value {
    RequireAlive();
    Executor& executor = Environment::Of(env).executor();
    // A callback of this very net is left, so that it may dispose it.
    if (!net_->lent()) executor.RequireReachable(net_->lane());
    net_->LetGo(env);
    net_->MarkDisposed();
    return executor.PostAnyway(net_->lane(), std::make_unique<BodyJob>(net_, [](NetState* net) { net->Dispose(); }));
  });
}

}  // namespace caffe_node
