// The part of NetState that shares parameters with other nets.
#include <algorithm>
#include <utility>

#include "environment.h"
#include "failure.h"
#include "net_state.h"

namespace caffe_node {

void NetState::ShareWith(const NetState& other) {
  // Caffe would stop at the first layer that differs, with those before it shared already.
  std::vector<std::pair<boost::shared_ptr<FloatBlob>, BlobMemory>> plan;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const auto known = std::find_if(other.layers_.begin(), other.layers_.end(),
                                    [&](const LayerFacts& layer) { return layer.name == layers_[i].name; });
    if (known == other.layers_.end()) continue;
    const auto& own = net().layers()[i]->blobs();
    const auto& others = other.net().layers()[static_cast<std::size_t>(known - other.layers_.begin())]->blobs();
    const bool same =
        own.size() == others.size() &&
        std::equal(own.begin(), own.end(), others.begin(), [](const auto& a, const auto& b) { return a->shape() == b->shape(); });
    if (!same) {
      FailureDetails details;
      details.layer = layers_[i].name;
      throw Failure("SHAPE", "The parameters of layer '" + layers_[i].name + "' have other shapes in the two nets.",
                    std::move(details));
    }
    for (std::size_t index = 0; index < own.size(); ++index) {
      // Touched now: two threads must not both be the first.
      static_cast<void>(others[index]->cpu_data());
      plan.emplace_back(own[index], MemoryOf(*others[index], Part::kData));
    }
  }
  for (const auto& [blob, memory] : plan) {
    UseMemory(memory, Part::kData, blob.get());
    if (&other != this) foreign_.insert(memory.get());
  }
  parameter_lock_ = other.parameter_lock_;
  NoteParametersChanged();
  shared_.reset();
  held_by_each_ = -1;
  Measure();
}

const std::shared_ptr<SharedParameters>& NetState::Share(Napi::Env env) {
  if (!shared_) shared_ = Described();
  if (held_ != shared_) {
    LetGo(env);
    Environment::Of(env).Hold(shared_);
    held_ = shared_;
  }
  return shared_;
}

void NetState::LetGo(Napi::Env env) {
  if (held_) Environment::Of(env).LetGo(std::exchange(held_, nullptr));
}

std::shared_ptr<SharedParameters> NetState::Described() const {
  auto shared = std::make_shared<SharedParameters>();
  shared->model = Model();
  shared->model.mutable_state()->set_phase(is_train_ ? caffe::TRAIN : caffe::TEST);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    SharedParameters::Layer layer;
    layer.name = layers_[i].name;
    for (const auto& blob : net().layers()[i]->blobs()) {
      static_cast<void>(blob->cpu_data());
      layer.parameters.push_back({blob->shape(), MemoryOf(*blob, Part::kData)});
    }
    shared->layers.push_back(std::move(layer));
  }
  shared->lock = parameter_lock_;
  Publish(shared);
  return shared;
}

void NetState::Attach(const std::shared_ptr<SharedParameters>& parameters) {
  for (std::size_t i = 0; i < parameters->layers.size(); ++i) {
    const SharedParameters::Layer& layer = parameters->layers[i];
    const auto& own = net().layers().at(i)->blobs();
    for (std::size_t index = 0; index < layer.parameters.size(); ++index) {
      if (own.at(index)->shape() != layer.parameters[index].shape) {
        FailureDetails details;
        details.layer = layer.name;
        throw Failure("SHAPE", "The parameters of layer '" + layer.name + "' have other shapes in this thread.",
                      std::move(details));
      }
      UseMemory(layer.parameters[index].memory, Part::kData, own[index].get());
      foreign_.insert(layer.parameters[index].memory.get());
    }
  }
  parameter_lock_ = parameters->lock;
  NoteParametersChanged();
  shared_ = parameters;
  held_by_each_ = -1;
  Measure();
}

}  // namespace caffe_node
