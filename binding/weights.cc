#include "weights.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <caffe/common.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "failure.h"
#include "hdf5_writer.h"
#include "main_call.h"
#include "parameter_lock.h"

namespace caffe_node {

namespace {

std::vector<int> ShapeOf(const caffe::BlobProto& blob) {
  if (blob.has_shape()) return std::vector<int>(blob.shape().dim().begin(), blob.shape().dim().end());
  return {blob.num(), blob.channels(), blob.height(), blob.width()};
}

using LayerBlobs = std::vector<boost::shared_ptr<FloatBlob>>;

Failure ShapeMismatch(const std::string& layer, int index, const std::string& in_file, const std::string& in_net) {
  FailureDetails details;
  details.layer = layer;
  details.hint = "To train this layer afresh give it a new name (prototxt.retarget does), or name it in `ignore`.";
  return Failure("WEIGHTS",
                 "Parameter " + std::to_string(index) + " of layer '" + layer + "' has the shape " + in_file +
                     " in the weights and " + in_net + " in the net.",
                 std::move(details));
}

// What is wrong with copying `source` into `target`; empty when nothing is. A parameter that one side lacks has no shape there.
std::vector<Mismatch> Compare(const WeightsFile& file, const caffe::LayerParameter& source, const std::string& name,
                              const LayerBlobs& target) {
  std::vector<Mismatch> wrong;
  for (int i = 0; i < std::max(source.blobs_size(), static_cast<int>(target.size())); ++i) {
    const bool in_file = i < source.blobs_size();
    const bool in_net = i < static_cast<int>(target.size());
    if (in_file && in_net && target[i]->ShapeEquals(source.blobs(i)) && file.Fits(source.blobs(i), *target[i])) continue;
    wrong.push_back(
        {name, i, in_file ? ShapeOf(source.blobs(i)) : std::vector<int>(), in_net ? target[i]->shape() : std::vector<int>()});
  }
  return wrong;
}

Failure CountMismatch(const std::string& layer, int in_file, std::size_t in_net) {
  FailureDetails details;
  details.layer = layer;
  details.hint = "The layer was trained with other settings (bias_term?): give it a new name to train it afresh.";
  return Failure("WEIGHTS",
                 "Layer '" + layer + "' has " + std::to_string(in_file) + " parameters in the weights and " +
                     std::to_string(in_net) + " in the net.",
                 std::move(details));
}

struct Planned {
  const caffe::LayerParameter* source;
  LayerBlobs target;
};

void ListMissing(const NetState& net, const CopyRequest& request, CopyResult* result) {
  const auto copied = [&](const std::string& layer) {
    return std::find(result->copied.begin(), result->copied.end(), layer) != result->copied.end();
  };
  for (const LayerFacts& layer : net.layers()) {
    // What another layer owns came with that layer: HDF5 files hold it only there.
    const bool whole = std::all_of(layer.params.begin(), layer.params.end(), [&](const ParameterOwner& owner) {
      return copied(net.layers()[static_cast<std::size_t>(owner.layer)].name);
    });
    if (!whole && !copied(layer.name)) result->missing.push_back(layer.name);
  }
  if (!result->copied.empty() || !request.ignore.empty()) return;
  FailureDetails details;
  details.file = request.weights.path;
  details.hint = "Are these the weights of another network? `rename` maps names that differ.";
  throw Failure("WEIGHTS", NameOf(request.weights) + " has no layer in common with the net '" + net.name() + "'.",
                std::move(details));
}

}  // namespace

CopyResult CopyWeights(NetState* net, const CopyRequest& request) {
  WeightsFile file(request.weights);  // before the lock: a file may take its time
  const StoppableLockGuard lock(*net->parameter_lock(), *JobContext::Current().stop);
  CopyResult result;
  std::vector<Planned> plan;
  for (const caffe::LayerParameter& source : file.layers()) {
    if (source.blobs_size() == 0) continue;
    const auto renamed = request.rename.find(source.name());
    const std::string& name = renamed == request.rename.end() ? source.name() : renamed->second;
    const auto known =
        std::find_if(net->layers().begin(), net->layers().end(), [&](const LayerFacts& layer) { return layer.name == name; });
    const bool ignored = std::find(request.ignore.begin(), request.ignore.end(), name) != request.ignore.end();
    if (known == net->layers().end() || ignored) {
      result.unused.push_back(source.name());
      continue;
    }
    const LayerBlobs target = net->LayerBlobs(static_cast<int>(known - net->layers().begin()));
    std::vector<Mismatch> wrong = Compare(file, source, name, target);
    if (!wrong.empty()) {
      if (request.strict && source.blobs_size() != static_cast<int>(target.size())) {
        throw CountMismatch(name, source.blobs_size(), target.size());
      }
      if (request.strict) throw ShapeMismatch(name, wrong[0].index, ShapeText(wrong[0].file), ShapeText(wrong[0].net));
      result.mismatched.insert(result.mismatched.end(), wrong.begin(), wrong.end());
      continue;
    }
    if (name != source.name()) result.renamed.emplace_back(source.name(), name);
    result.copied.push_back(name);
    plan.push_back({&source, target});
  }
  ListMissing(*net, request, &result);
  net->NoteParametersChanged();  // even if reading fails
  for (const Planned& layer : plan) {
    for (std::size_t i = 0; i < layer.target.size(); ++i)
      file.Read(layer.source->blobs(static_cast<int>(i)), layer.target[i].get());
  }
  return result;
}

std::string SerializeWeights(NetState* net, bool diffs) {
  const StoppableLockGuard lock(*net->parameter_lock(), *JobContext::Current().stop);
  caffe::NetParameter weights;
  net->net().ToProto(&weights, diffs);
  return Serialize(weights);
}

std::string Serialize(const google::protobuf::MessageLite& message) {
  std::string bytes;
  if (message.SerializeToString(&bytes)) return bytes;
  FailureDetails details;
  details.hint = "Use the format 'hdf5'.";
  throw Failure("UNSUPPORTED", "The parameters take more than 2 GB, where protobuf files end.", std::move(details));
}

void SaveWeights(NetState* net, const std::string& path, bool hdf5, bool diffs) {
  if (!hdf5) return WriteFileWhole(path, SerializeWeights(net, diffs));
  std::string contents;
  {
    const StoppableLockGuard lock(*net->parameter_lock(), *JobContext::Current().stop);
    contents = Hdf5Weights(net->net(), diffs);
  }
  WriteFileWhole(path, contents);
}

std::string TemporaryName(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const std::filesystem::path target(path);
  return (target.parent_path() /
          ("." + target.filename().string() + "." + std::to_string(getpid()) + "-" + std::to_string(counter++) + ".tmp"))
      .string();
}

void RenameFile(const std::string& from, const std::string& to) {
  // Renaming would put a file in the place of a device: of /dev/null itself, for whoever may write there.
  struct stat there = {};
  if (stat(to.c_str(), &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode)) {
    unlink(from.c_str());
    FailureDetails details;
    details.file = to;
    details.hint = "Give the path of a file; it is written under a temporary name beside it, then renamed.";
    throw Failure("FILE", "'" + to + "' cannot be written: it is a device, a FIFO or a socket.", std::move(details));
  }
  if (std::rename(from.c_str(), to.c_str()) == 0) return;
  const std::string why = std::strerror(errno);
  unlink(from.c_str());
  FailureDetails details;
  details.file = to;
  throw Failure("FILE", "'" + to + "' cannot be written: " + why + ".", std::move(details));
}

void WriteFileWhole(const std::string& path, const std::string& contents) {
  const std::string temporary = TemporaryName(path);
  errno = 0;
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) {
    const std::string why = errno == 0 ? "writing failed" : std::strerror(errno);
    unlink(temporary.c_str());
    FailureDetails details;
    details.file = path;
    details.hint = "Choose a folder that exists, that you may write to, and whose disk has room.";
    throw Failure("FILE", "'" + path + "' cannot be written: " + why + ".", std::move(details));
  }
  RenameFile(temporary, path);
}

}  // namespace caffe_node
