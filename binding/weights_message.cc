#include "weights_message.h"

#include "failure.h"
#include "function_job.h"
#include "message_to_js.h"
#include "net_jobs.h"
#include "weights_file.h"

namespace caffe_node {

namespace {

Napi::Value ReadWeightsMessage(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [source = ToWeightsSource(info[0])] { return ReadWeights(source); },
        [](Napi::Env env, const caffe::NetParameter& weights) { return MessageToJs(env, weights); });
  });
}

}  // namespace

void RegisterWeightsMessage(Napi::Env env, Napi::Object exports) {
  exports.Set("readWeights", Napi::Function::New(env, ReadWeightsMessage, "readWeights"));
}

}  // namespace caffe_node
