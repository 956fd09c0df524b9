// Which engine runs a net, as its caller chose.
#ifndef CAFFE_NODE_ENGINE_OPTIONS_H_
#define CAFFE_NODE_ENGINE_OPTIONS_H_

#include <napi.h>

#include <string>

#include "net_plan.h"

namespace caffe_node {

enum class EngineChoice {
  kCaffe,
  kOneDnn,  // a plan; who cannot have one is refused
  kAuto,    // a plan where there can be one, once it has agreed with Caffe
  kTrust,   // the same without comparing
};

struct EngineOptions {
  EngineChoice choice = EngineChoice::kCaffe;
  Precision precision = Precision::kF32;
  bool release_originals = false;  // parameters that a plan has copies of go to a file
  std::string cache;               // the folder that keeps what was found out about plans; empty for none
};

// Of a request; INPUT for what is none.
EngineOptions ToEngineOptions(const Napi::Value& value);

}  // namespace caffe_node

#endif  // CAFFE_NODE_ENGINE_OPTIONS_H_
