#include "creation.h"

#include <caffe/layer_factory.hpp>
#include <map>

#include "fields.h"
#include "guarded_layers.h"

namespace caffe_node {

namespace {

using Registry = caffe::LayerRegistry<float>;

CreationTrace*& CurrentTrace() {
  static thread_local CreationTrace* trace = nullptr;
  return trace;
}

// The creators that stood in the registry before; written once, before there is any net.
std::map<std::string, Registry::Creator>& Creators() {
  static std::map<std::string, Registry::Creator> creators;
  return creators;
}

boost::shared_ptr<caffe::Layer<float>> Create(const caffe::LayerParameter& param) {
  if (CurrentTrace() != nullptr) CurrentTrace()->Enter(param.name());
  CheckFields(param);
  return Guard(Creators().at(param.type())(param), param);
}

}  // namespace

void WatchCreation() {
  for (auto& [type, creator] : Registry::Registry()) {
    Creators()[type] = creator;
    creator = Create;
  }
}

CreationTrace::CreationTrace() : outer_(CurrentTrace()) { CurrentTrace() = this; }

CreationTrace::~CreationTrace() { CurrentTrace() = outer_; }

Failure CreationTrace::Explain(const std::exception_ptr& exception) const {
  const Failure failure = AsFailure(exception);
  // Caffe looks for the type before it makes the layer: the name we know is that of the layer below.
  const bool of_next = std::string(failure.what()).find("Unknown layer type") != std::string::npos;
  return layer_.empty() || of_next ? failure : InLayer(failure, layer_);
}

}  // namespace caffe_node
