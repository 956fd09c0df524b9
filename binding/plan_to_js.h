// net.engine and net.plan as plain objects.
#ifndef CAFFE_NODE_PLAN_TO_JS_H_
#define CAFFE_NODE_PLAN_TO_JS_H_

#include <napi.h>

#include "net_state.h"

namespace caffe_node {

// { name, reason }: what computes the forward runs; the reason is empty unless Caffe does.
Napi::Object EngineToJs(Napi::Env env, const NetState& net);
// The plan of the last run; null where Caffe computed it.
Napi::Value PlanToJs(Napi::Env env, const NetState& net);

}  // namespace caffe_node

#endif  // CAFFE_NODE_PLAN_TO_JS_H_
