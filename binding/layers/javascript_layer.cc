#include "javascript_layer.h"

#include <caffe/util/math_functions.hpp>
#include <utility>

#include "../convert.h"
#include "../environment.h"
#include "../wrap.h"

namespace caffe_node {

namespace {

const char* NameOf(LayerMethod method) {
  switch (method) {
    case LayerMethod::kSetup:
      return "setup";
    case LayerMethod::kReshape:
      return "reshape";
    case LayerMethod::kForward:
      return "forward";
    default:
      return "backward";
  }
}

Failure InThis(const caffe::LayerParameter& param, const char* code, const std::string& message, const std::string& hint) {
  FailureDetails details;
  details.layer = param.name();
  details.hint = hint;
  return Failure(code, "Layer '" + param.name() + "': " + message, std::move(details));
}

Failure NotRegistered(const caffe::LayerParameter& param, const Napi::Array& names) {
  std::string known;
  for (uint32_t i = 0; i < names.Length(); ++i) known += (i == 0 ? "" : ", ") + names.Get(i).ToString().Utf8Value();
  return InThis(param, "PROTOTXT", "the layer class '" + param.python_param().layer() + "' is not registered.",
                (known.empty() ? "None is registered" : "Registered are: " + known) +
                    ". Call registerLayer first, in every worker that makes such a net.");
}

Napi::Object Facts(Napi::Env env, const caffe::LayerParameter& param, bool is_train) {
  Napi::Object facts = Napi::Object::New(env);
  facts.Set("name", param.name());
  facts.Set("phase", is_train ? "train" : "test");
  facts.Set("module", param.python_param().module());
  facts.Set("layer", param.python_param().layer());
  facts.Set("paramString", param.python_param().param_str());
  facts.Set("bottoms", ToJs(env, std::vector<std::string>(param.bottom().begin(), param.bottom().end())));
  facts.Set("tops", ToJs(env, std::vector<std::string>(param.top().begin(), param.top().end())));
  return facts;
}

Napi::Array ToJs(Napi::Env env, const std::vector<bool>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) array.Set(static_cast<uint32_t>(i), Napi::Boolean::New(env, values[i]));
  return array;
}

}  // namespace

// What runs on the main thread owns copies and shared state only: when the wait is left, the layer may be gone before it returns.
void JavaScriptLayer::Run(LayerMethod method, const Blobs& bottom, const Blobs& top, const std::vector<bool>& propagate_down) {
  const LayerBlobs blobs{bottom, top, &blobs_};
  caffe::LayerParameter param = layer_param_;
  param.clear_blobs();
  const bool is_train = phase_ == caffe::TRAIN;
  const auto body = [param, is_train, blobs, method, propagate_down, driver = driver_](
                        Napi::Env env, const std::shared_ptr<MainCall>& call) -> Napi::Value {
    Environment& environment = Environment::Of(env);
    if (method == LayerMethod::kSetup) {
      if (environment.create_layer.IsEmpty()) throw NotRegistered(param, Napi::Array::New(env));
      const Napi::Value created = environment.create_layer.Call({Facts(env, param, is_train)});
      if (created.IsArray()) throw NotRegistered(param, created.As<Napi::Array>());
      driver->has_backward = created.As<Napi::Object>().Get("hasBackward").ToBoolean();
      driver->object = std::make_unique<KeptValue>(environment.executor().main(), created);
    }
    const auto state = std::make_shared<LayerCall>(param.name(), method, blobs, call);
    call->AtEnd([state](bool settled) { state->Close(settled); });
    const Napi::Object object = driver->object->Get().As<Napi::Object>();
    return object.Get("run").As<Napi::Function>().Call(
        object,
        {Napi::String::New(env, NameOf(method)), NewWrap(env, environment.layer_call_class, state), ToJs(env, propagate_down)});
  };
  try {
    CallMain(std::string(NameOf(method)) + "() of the class '" + param.python_param().layer() + "'", body);
  } catch (const Failure& failure) {
    if (failure.code() == "ABORTED") throw;
    throw InLayer(failure, param.name());
  }
}

void JavaScriptLayer::LayerSetUp(const Blobs& bottom, const Blobs& top) {
  if (layer_param_.python_param().layer().empty()) {
    throw InThis(layer_param_, "PROTOTXT", "it names no class.",
                 "Write python_param { layer: \"Name\" }, as given to registerLayer.");
  }
  Run(LayerMethod::kSetup, bottom, top);
}

void JavaScriptLayer::Reshape(const Blobs& bottom, const Blobs& top) {
  Run(LayerMethod::kReshape, bottom, top);
  FinishTops(top);
}

void JavaScriptLayer::Forward_cpu(const Blobs& bottom, const Blobs& top) {
  Run(LayerMethod::kForward, bottom, top);
  FinishTops(top);
}

// The weight of a loss lies in the diff of its top, which a top that grows loses.
void JavaScriptLayer::FinishTops(const Blobs& top) {
  weighted_counts_.resize(top.size());
  for (std::size_t i = 0; i < top.size(); ++i) {
    const int index = static_cast<int>(i);
    const int count = top[i]->count();
    if (count == 0) {
      throw InThis(layer_param_, "SHAPE", "reshape() gave its top '" + layer_param_.top(index) + "' no shape.",
                   "Call tops[" + std::to_string(i) + "].reshape(…) there.");
    }
    if (this->loss(index) == 0 || weighted_counts_[i] == count) continue;
    caffe::caffe_set(count, this->loss(index), top[i]->mutable_cpu_diff());
    weighted_counts_[i] = count;
  }
}

void JavaScriptLayer::Backward_cpu(const Blobs& top, const std::vector<bool>& propagate_down, const Blobs& bottom) {
  if (!driver_->has_backward) {
    throw InThis(layer_param_, "UNSUPPORTED", "the class '" + layer_param_.python_param().layer() + "' has no backward method.",
                 "Give it one, or stop the gradient at this layer with propagate_down: false.");
  }
  Run(LayerMethod::kBackward, bottom, top, propagate_down);
}

}  // namespace caffe_node
