// Networks and solvers as the caller gives them (a file, text, bytes), read into protobuf messages, upgraded by Caffe itself,
// with their relative paths resolved and with what Caffe does not check checked.
#ifndef CAFFE_NODE_MODEL_H_
#define CAFFE_NODE_MODEL_H_

#include <caffe/proto/caffe.pb.h>
#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "read_file.h"

namespace caffe_node {

// Exactly one of the three is set.
struct ModelSource {
  std::string path;
  std::string text;
  std::vector<std::uint8_t> bytes;
  bool in_memory = false;
};
ModelSource ToModelSource(const Napi::Value& value);

// `path` inside `base`, unless it is absolute or `base` is empty.
std::string Resolve(const std::string& base, const std::string& path);

// Reads, upgrades and checks a network. Relative sources inside it are resolved against `base`. `state` is merged in.
caffe::NetParameter ReadNet(const ModelSource& source, const std::string& base, const caffe::NetState& state);

// Reads a solver as it is written; the type is upgraded.
caffe::SolverParameter ReadSolver(const ModelSource& source);

// The same solver with every network file it names read into it, so that errors have line and column; snapshots and sources are
// resolved against `base`, and a missing snapshot prefix is derived from `path` as Caffe does.
caffe::SolverParameter InlineNets(const caffe::SolverParameter& solver, const std::string& base, const std::string& path);

}  // namespace caffe_node

#endif  // CAFFE_NODE_MODEL_H_
