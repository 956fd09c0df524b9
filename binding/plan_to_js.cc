#include "plan_to_js.h"

#include "convert.h"
#include "net_engine.h"
#include "training_engine.h"

namespace caffe_node {

namespace {

const char* NameOf(Precision precision) { return precision == Precision::kF32 ? "f32" : "bf16"; }

Napi::Object StepToJs(Napi::Env env, const PlannedStep& step) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("layers", ToJs(env, step.layers));
  object.Set("engine", step.in_caffe ? "caffe" : "onednn");
  object.Set("primitive", step.primitive);
  object.Set("format", step.format);
  object.Set("milliseconds", step.milliseconds);
  return object;
}

}  // namespace

Napi::Object EngineToJs(Napi::Env env, const NetState& net) {
  const NetEngine& engine = net.engine();
  const bool caffe = !engine.reason().empty();
  Napi::Object object = Napi::Object::New(env);
  object.Set("name", caffe ? "caffe" : "onednn");
  object.Set("precision", NameOf(caffe ? Precision::kF32 : engine.options().precision));
  object.Set("reason", engine.reason());
  return object;
}

Napi::Value PlanToJs(Napi::Env env, const NetState& net) {
  const std::optional<PlanFacts> facts = net.is_train() ? net.training().Describe() : net.engine().Describe();
  if (!facts) return env.Null();
  Napi::Object inputs = NewRecord(env);
  for (std::size_t i = 0; i < facts->inputs.size(); ++i) inputs.Set(facts->inputs[i], ToJs(env, facts->purpose.shapes[i]));
  Napi::Array steps = Napi::Array::New(env, facts->steps.size());
  for (std::size_t i = 0; i < facts->steps.size(); ++i) steps.Set(static_cast<uint32_t>(i), StepToJs(env, facts->steps[i]));
  Napi::Object object = Napi::Object::New(env);
  object.Set("precision", NameOf(net.engine().options().precision));
  object.Set("threads", facts->purpose.threads);
  object.Set("inputs", inputs);
  object.Set("wanted", ToJs(env, facts->purpose.wanted));
  object.Set("steps", steps);
  object.Set("bytes", static_cast<double>(facts->bytes));
  return object;
}

}  // namespace caffe_node
