// What a solver tells of itself while it steps, on its way to JavaScript.
#ifndef CAFFE_NODE_SOLVER_EVENTS_H_
#define CAFFE_NODE_SOLVER_EVENTS_H_

#include <napi.h>

#include <variant>

#include "solver_state.h"

namespace caffe_node {

using SolverEvent = std::variant<TestResult, SnapshotPaths, DebugReport>;

// A NativeSolverEvent of lib/native.ts.
Napi::Object ToJs(Napi::Env env, SolverEvent event);

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_EVENTS_H_
