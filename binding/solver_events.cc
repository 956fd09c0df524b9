#include "solver_events.h"

#include <utility>

namespace caffe_node {

namespace {

Napi::Object EventToJs(Napi::Env env, TestResult test) {
  Napi::Object event = Napi::Object::New(env);
  event.Set("type", "test");
  event.Set("iteration", test.iteration);
  event.Set("index", test.index);
  event.Set("outputs", ToJs(env, std::move(test.outputs)));
  if (test.loss) event.Set("loss", *test.loss);
  return event;
}

Napi::Object EventToJs(Napi::Env env, const SnapshotPaths& snapshot) {
  Napi::Object event = Napi::Object::New(env);
  event.Set("type", "snapshot");
  event.Set("iteration", snapshot.iteration);
  event.Set("model", snapshot.model);
  event.Set("state", snapshot.state);
  return event;
}

Napi::Object EntryToJs(Napi::Env env, const DebugEntry& entry) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("phase", entry.phase);
  object.Set("layer", entry.layer);
  if (entry.param < 0) {
    object.Set("blob", entry.blob);
  } else {
    object.Set("param", entry.param);
  }
  if (entry.data) object.Set("data", *entry.data);
  if (entry.diff) object.Set("diff", *entry.diff);
  return object;
}

Napi::Object NormsToJs(Napi::Env env, float l1, float l2) {
  Napi::Object norms = Napi::Object::New(env);
  norms.Set("l1", l1);
  norms.Set("l2", l2);
  return norms;
}

Napi::Object EventToJs(Napi::Env env, const DebugReport& report) {
  Napi::Object event = Napi::Object::New(env);
  event.Set("type", "debug");
  event.Set("iteration", report.iteration);
  Napi::Array entries = Napi::Array::New(env, report.entries.size());
  for (std::size_t i = 0; i < report.entries.size(); ++i) {
    entries.Set(static_cast<uint32_t>(i), EntryToJs(env, report.entries[i]));
  }
  event.Set("entries", entries);
  event.Set("data", NormsToJs(env, report.norms.l1_data, report.norms.l2_data));
  event.Set("diff", NormsToJs(env, report.norms.l1_diff, report.norms.l2_diff));
  return event;
}

}  // namespace

Napi::Object ToJs(Napi::Env env, SolverEvent event) {
  return std::visit([env](auto& one) { return EventToJs(env, std::move(one)); }, event);
}

}  // namespace caffe_node
