#include "model.h"

#include <caffe/common.hpp>
#include <caffe/util/upgrade_proto.hpp>
#include <filesystem>

#include "checks/network.h"
#include "convert.h"
#include "failure.h"
#include "message.h"

namespace caffe_node {

namespace {

constexpr const char* kText = "The text of a network";

void ResolveSources(const std::string& base, caffe::LayerParameter* layer) {
  const auto resolve = [&base](std::string* path) {
    if (!path->empty()) *path = Resolve(base, *path);
  };
  if (layer->has_data_param()) resolve(layer->mutable_data_param()->mutable_source());
  if (layer->has_hdf5_data_param()) resolve(layer->mutable_hdf5_data_param()->mutable_source());
  if (layer->has_infogain_loss_param()) resolve(layer->mutable_infogain_loss_param()->mutable_source());
  if (layer->has_hdf5_output_param()) resolve(layer->mutable_hdf5_output_param()->mutable_file_name());
  if (layer->has_transform_param() && layer->transform_param().has_mean_file()) {
    resolve(layer->mutable_transform_param()->mutable_mean_file());
  }
}

// Upgrades and checks a network, and resolves its sources.
void Complete(const std::string& file, const std::string& base, caffe::NetParameter* net) {
  CheckInputFields(*net);
  if (!caffe::UpgradeNetAsNeeded(file, net)) {
    throw Failure("PROTOTXT", "This network is of an old format that Caffe could not upgrade.");
  }
  if (net->layer_size() == 0) {
    FailureDetails details;
    details.file = file;
    details.hint = "Is this a solver, or another kind of file?";
    throw Failure("PROTOTXT", "The network has no layers.", std::move(details));
  }
  CheckNet(*net);
  for (int i = 0; i < net->layer_size(); ++i) ResolveSources(base, net->mutable_layer(i));
}

template <typename Message>
void ReadMessage(const ModelSource& source, const char* what, Message* message) {
  if (!source.bytes.empty()) {
    if (!message->ParseFromArray(source.bytes.data(), static_cast<int>(source.bytes.size()))) {
      throw Failure("INPUT", std::string("These ") + std::to_string(source.bytes.size()) + " bytes are not " + what + ".");
    }
    return;
  }
  const std::string text = source.in_memory ? source.text : ReadFile(source.path);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    FailureDetails details;
    details.file = source.path;
    details.hint = "Give a prototxt file with at least one layer.";
    throw Failure("PROTOTXT", (source.in_memory ? std::string(what) : "'" + source.path + "'") + " is empty.",
                  std::move(details));
  }
  ParseText(text, source.path, message);
}

}  // namespace

ModelSource ToModelSource(const Napi::Value& value) {
  const Napi::Object object = ToObject(value, "A model");
  ModelSource source;
  if (Has(object, "path")) {
    source.path = ToString(object.Get("path"), "The path of a model");
  } else if (Has(object, "text")) {
    source.text = ToString(object.Get("text"), kText);
    source.in_memory = true;
  } else {
    source.bytes = ToBytes(object.Get("bytes"), "A model in binary form");
    source.in_memory = true;
  }
  return source;
}

std::string Resolve(const std::string& base, const std::string& path) {
  if (base.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(base) / path).string();
}

caffe::NetParameter ReadNet(const ModelSource& source, const std::string& base, const caffe::NetState& state) {
  caffe::NetParameter net;
  ReadMessage(source, "A network", &net);
  Complete(source.path, base, &net);
  net.mutable_state()->MergeFrom(state);
  return net;
}

caffe::SolverParameter ReadSolver(const ModelSource& source) {
  caffe::SolverParameter solver;
  ReadMessage(source, "A solver", &solver);
  caffe::UpgradeSolverType(&solver);
  return solver;
}

caffe::SolverParameter InlineNets(const caffe::SolverParameter& solver, const std::string& base, const std::string& path) {
  caffe::SolverParameter inlined = solver;
  const auto read = [&base](const std::string& name) {
    ModelSource source;
    source.path = Resolve(base, name);
    return ReadNet(source, base, caffe::NetState());
  };
  if (inlined.has_net_param()) Complete(path, base, inlined.mutable_net_param());
  if (inlined.has_train_net_param()) Complete(path, base, inlined.mutable_train_net_param());
  for (caffe::NetParameter& net : *inlined.mutable_test_net_param()) Complete(path, base, &net);
  if (solver.has_net()) {
    *inlined.mutable_net_param() = read(solver.net());
    inlined.clear_net();
  }
  if (solver.has_train_net()) {
    *inlined.mutable_train_net_param() = read(solver.train_net());
    inlined.clear_train_net();
  }
  // Caffe numbers the test nets given as messages before those given as files: appended, they keep that order.
  for (const std::string& name : solver.test_net()) *inlined.add_test_net_param() = read(name);
  inlined.clear_test_net();

  std::filesystem::path prefix = inlined.snapshot_prefix();
  if (!inlined.has_snapshot_prefix()) {
    prefix = path.empty() ? std::filesystem::path("snapshot") : std::filesystem::path(path).replace_extension();
  }
  prefix = Resolve(path.empty() || inlined.has_snapshot_prefix() ? base : "", prefix.string());
  if (std::filesystem::is_directory(prefix)) prefix /= std::filesystem::path(path.empty() ? "snapshot" : path).stem();
  inlined.set_snapshot_prefix(prefix.string());
  return inlined;
}

}  // namespace caffe_node
