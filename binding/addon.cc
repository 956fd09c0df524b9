// Registers the parts of the addon; each lives in a pair of files of its own.
#include <napi.h>

#include <caffe/caffe.hpp>

#include "blob.h"
#include "database_mean.h"
#include "database_reader.h"
#include "database_writer.h"
#include "engine.h"
#include "environment.h"
#include "images.h"
#include "layers/layer_call.h"
#include "layers/registry.h"
#include "message.h"
#include "net.h"
#include "net_timing.h"
#include "solver.h"
#include "stop_flag.h"
#include "upgrade.h"
#include "weights_message.h"

namespace caffe_node {

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(std::make_unique<Environment>(env).release());  // Node-API deletes it with the environment
  RegisterLayers();
  RegisterEngine(env, exports);
  RegisterMessages(env, exports);
  RegisterDatabases(env, exports);
  RegisterDatabaseMean(env, exports);
  RegisterUpgrades(env, exports);
  RegisterWeightsMessage(env, exports);
  RegisterImages(env, exports);
  StopFlagWrap::Register(env, exports);
  BlobWrap::Register(env);
  LayerCallWrap::Register(env);
  NetWrap::Register(env, exports);
  RegisterNetTiming(env, exports);
  SolverWrap::Register(env, exports);
  return exports;
}

}  // namespace caffe_node

static Napi::Object InitAddon(Napi::Env env, Napi::Object exports) { return caffe_node::Init(env, exports); }

NODE_API_MODULE(caffe, InitAddon)
