// A solver's snapshots, out and in.
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "layers/data_layer.h"
#include "main_call.h"
#include "parameter_lock.h"
#include "solver_access.h"
#include "solver_state.h"

namespace caffe_node {

namespace {

// Removes what was written under a temporary name, unless it has got its own.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string target) : target_(std::move(target)), path_(TemporaryName(target_)) {}
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }
  void Keep() const { RenameFile(path_, target_); }

 private:
  const std::string target_;
  const std::string path_;
};

template <typename Use>
void ForEachDataLayer(const NetState& net, const Use& use) {
  for (const auto& layer : net.net().layers()) {
    if (auto* const data = dynamic_cast<DataLayer*>(layer.get())) use(data);
  }
}

// A snapshot that was moved as a whole has its weights beside the state; the path in it then leads nowhere, or to another's.
std::string WeightsBeside(const std::string& state, const std::string& weights) {
  const std::filesystem::path beside = std::filesystem::path(state).parent_path() / std::filesystem::path(weights).filename();
  std::error_code unreadable;
  return std::filesystem::exists(beside, unreadable) ? beside.string() : weights;
}

}  // namespace

SavedState SolverState::CurrentState(const std::string& model) const {
  SavedState saved;
  saved.state.set_iter(solver().iter());
  saved.state.set_learned_net(model);
  saved.state.set_current_step(SolverAccess::CurrentStep(solver()));
  for (const auto& blob : solver().history()) blob->ToProto(saved.state.add_history());
  SolverRecord record;
  record.type = solver().type();
  record.seed = seed_;
  record.losses.assign(recent_losses_.begin(), recent_losses_.end());
  int number = 0;
  const auto add = [&record, &number](const DataLayer* layer) {
    record.data.push_back({number, layer->layer_param().name(), layer->cursor(), layer->seed()});
  };
  ForEachDataLayer(*net_, add);
  for (const auto& net : test_nets_) {
    ++number;
    ForEachDataLayer(*net, add);
  }
  saved.record = std::move(record);
  return saved;
}

SnapshotPaths SolverState::Snapshot() {
  TakeUpChanges();
  const bool hdf5 = settings_.snapshot_format() == caffe::SolverParameter::HDF5;
  const std::string name = settings_.snapshot_prefix() + "_iter_" + std::to_string(solver().iter());
  const SnapshotPaths paths{solver().iter(), name + (hdf5 ? ".caffemodel.h5" : ".caffemodel"),
                            name + (hdf5 ? ".solverstate.h5" : ".solverstate")};
  // Both are written before either gets its name: the two of a former snapshot of this iteration stay a pair.
  const TemporaryFile model(paths.model);
  const TemporaryFile state(paths.state);
  SaveWeights(net_.get(), model.path(), hdf5, settings_.snapshot_diff());
  {
    const StoppableLockGuard lock(*net_->parameter_lock(), *JobContext::Current().stop);
    WriteState(state.path(), hdf5, CurrentState(paths.model));
  }
  model.Keep();
  state.Keep();
  return paths;
}

void SolverState::CheckHistory(const SavedState& saved, const std::string& path) const {
  if (saved.record && saved.record->type != solver().type())
    throw NotState(path,
                   "is the state of a solver of type " + saved.record->type + "; this one is of type " + solver().type() + ".");
  const auto& history = solver().history();
  if (saved.state.history_size() != static_cast<int>(history.size())) {
    throw NotState(path, "holds the history of " + std::to_string(saved.state.history_size()) + " parameters; this solver has " +
                             std::to_string(history.size()) + ".");
  }
  for (std::size_t i = 0; i < history.size(); ++i) {
    const caffe::BlobProto& blob = saved.state.history(static_cast<int>(i));
    if (!history[i]->ShapeEquals(blob) || blob.data_size() != history[i]->count()) {
      throw NotState(path, "holds a history of another shape for parameter " + std::to_string(i) + ".");
    }
  }
}

void SolverState::Restore(const std::string& path) {
  const SavedState saved = ReadState(path);
  CheckHistory(saved, path);
  if (saved.state.has_learned_net()) {
    CopyRequest request;
    request.weights.path = WeightsBeside(path, saved.state.learned_net());
    CopyWeights(net_.get(), request);
  }
  const StoppableLockGuard lock(*net_->parameter_lock(), *JobContext::Current().stop);
  const auto& history = solver().history();
  for (std::size_t i = 0; i < history.size(); ++i) history[i]->FromProto(saved.state.history(static_cast<int>(i)), false);
  SolverAccess::Iteration(solver()) = saved.state.iter();
  SolverAccess::CurrentStep(solver()) = saved.state.current_step();
  display_.Begin(saved.state.iter());
  RestoreData(saved.record);
}

// Without a record, of a state that stock Caffe wrote: as many items as that many iterations take, with the seed we have.
void SolverState::RestoreData(const std::optional<SolverRecord>& record) {
  recent_losses_.clear();
  const auto batches = static_cast<std::uint64_t>(solver().iter()) * static_cast<std::uint64_t>(settings_.iter_size());
  ForEachDataLayer(*net_,
                   [batches](DataLayer* layer) { layer->Rewind(batches * layer->layer_param().data_param().batch_size()); });
  if (!record) return;
  seed_ = record->seed;
  recent_losses_.assign(record->losses.begin(), record->losses.end());
  TrimLosses();
  for (const DataPosition& position : record->data) {
    const auto number = static_cast<std::size_t>(position.net);
    if (number > test_nets_.size()) continue;
    ForEachDataLayer(number == 0 ? *net_ : *test_nets_[number - 1], [&position](DataLayer* layer) {
      if (layer->layer_param().name() != position.layer) return;
      layer->SetSeed(position.seed);
      layer->Rewind(position.item);
    });
  }
}

}  // namespace caffe_node
