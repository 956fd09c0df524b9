// Decides for each forward run of a net whether a plan of the fast engine or Caffe computes it, keeps the plans, and knows which
// blobs hold what the last run gave.
//
// A plan computes the outputs and the blobs that were asked for. Layers without bottoms are run by Caffe before it, once, so that
// Caffe's own answer to the same inputs can be had as well: for the comparison before a plan is trusted, and for blobs that are
// read later.
#ifndef CAFFE_NODE_NET_ENGINE_H_
#define CAFFE_NODE_NET_ENGINE_H_

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine_options.h"
#include "filed_memory.h"
#include "parameter_watch.h"
#include "plan_cache.h"
#include "plan_check.h"
#include "plan_rules.h"
#include "value_changes.h"

namespace caffe_node {

// What a plan is made for.
struct PlanPurpose {
  std::vector<std::vector<int>> shapes;  // of the blobs that layers without bottoms fill
  int threads = 1;
  std::vector<std::string> wanted;
  bool operator==(const PlanPurpose& other) const {
    return shapes == other.shapes && threads == other.threads && wanted == other.wanted;
  }
};

// The plan of the last run, in words.
struct PlanFacts {
  PlanPurpose purpose;
  std::vector<std::string> inputs;  // the names that go with the shapes
  std::vector<PlannedStep> steps;
  std::int64_t bytes = 0;
};

class NetEngine {
 public:
  // Throws UNSUPPORTED where the caller insists on a plan and the net can have none.
  NetEngine(FloatNet* net, EngineOptions options);
  NetEngine(const NetEngine&) = delete;
  NetEngine& operator=(const NetEngine&) = delete;

  const EngineOptions& options() const { return options_; }
  // Why Caffe is to compute all whole forward runs; empty where this engine does.
  std::string WhyCaffe() const;
  // Adds to the blobs that runs compute from now on.
  void Want(const std::vector<std::string>& blobs);
  // Computes a whole forward run, but for the layers without bottoms, which have run; the caller holds the parameters' lock.
  void Forward(const std::vector<std::string>& fetch, bool timed, const std::shared_ptr<ParameterLock>& parameters,
               const StopFlag& stop);
  // The same by Caffe.
  void ForwardInCaffe(const std::string& reason);
  // Takes inputs and parameters for what blobs that are not computed yet are to be computed from. The caller holds the
  // parameters' lock.
  void NoteGiven(const std::shared_ptr<ParameterLock>& parameters);
  // Notes a run past this engine: why, and whether it computed all blobs.
  void NoteCaffeRun(std::string reason, bool all);
  // Notes a batch of a training that a plan of the training's own goes through: it computes the outputs.
  void NoteTrainingRun();

  // ---- what the blobs hold -----------------------------------------------------------------------------------------------
  bool AllComputed() const { return all_computed_; }
  bool IsComputed(const std::string& blob) const { return all_computed_ || computed_.count(blob) > 0; }
  // Throws NOT_COMPUTED.
  void RequireComputed(const std::string& blob) const;
  // Somebody filled the blob.
  void NoteComputed(const std::string& blob);
  // The blob was written, or is going to be.
  void NoteWritten(const FloatBlob& blob);
  // A view looks at a blob's memory, and holds it by this pointer.
  void NoteView(const BlobMemory& held_by_view);
  // Lets Caffe compute the blobs that the last run did not, from the same inputs and parameters. Throws NOT_COMPUTED when they
  // have changed since. The caller holds the parameters' lock.
  void ComputeRest(const std::shared_ptr<ParameterLock>& parameters);

  // ---- for whom it may concern -------------------------------------------------------------------------------------------
  // Why Caffe computed the last run; empty where a plan did, and before the first run.
  const std::string& reason() const { return reason_; }
  // Nothing where Caffe computed the last run.
  std::optional<PlanFacts> Describe() const;
  // What all plans hold.
  std::int64_t Bytes() const;

 private:
  struct Plan {
    PlanPurpose purpose;
    std::unique_ptr<InferencePlan> steps;
    ParameterWatch::Seen parameters;  // that it was made of
    bool fresh = true;                // made or changed since the last look at what it has copies of
  };

  std::string NameOf(int blob) const { return net_->blob_names()[static_cast<std::size_t>(blob)]; }
  FloatBlob& BlobAt(int blob) const { return *net_->blobs()[static_cast<std::size_t>(blob)]; }
  bool IsAsGiven(std::size_t input, const std::set<const caffe::SyncedMemory*>& viewed);
  void RequireAsGiven(const std::shared_ptr<ParameterLock>& parameters);
  std::vector<std::vector<int>> InputShapes() const;
  std::string WhyNotNow() const;
  // What is known of the agreement with Caffe: empty for agreement, else what is wrong; nothing when they have not been compared.
  std::optional<std::string> VerdictOn(const PlanPurpose& purpose);
  // What decides about a comparison.
  std::string SubjectOf(const PlanPurpose& purpose);
  // Makes the plan for the purpose the first of plans_; false when there can be none, and Caffe is to compute from now on.
  bool Prepare(const PlanPurpose& purpose);
  // Moves parameters that the first plan has copies of out of memory.
  void ReleaseOriginals();
  // An answer to nothing but zeros says little.
  bool InputsAreBlank() const;
  // The same run by Caffe and by the plan.
  void Compare(const PlanPurpose& purpose, const StopFlag& stop);
  // What went wrong, in words; throws what is to reach the caller.
  std::string Try(const std::function<void()>& body) const;
  void SettleOnCaffe(const std::string& reason);

  FloatNet* const net_;
  const EngineOptions options_;
  const PlanCache cache_;
  const std::vector<int> inputs_;               // blobs that layers without bottoms fill
  const std::optional<Obstacle> not_repeated_;  // by running the layers again
  std::string settled_;                         // why Caffe computes all runs from now on
  std::vector<std::string> wanted_;
  std::list<Plan> plans_;             // the last used first
  std::vector<PlanPurpose> trusted_;  // whose plans agreed with Caffe
  std::vector<PlanPurpose> trusted_with_zeros_;
  ParameterWatch parameters_;
  FiledMemory filed_;
  std::string model_;  // a hash of the net's text, once it is needed

  bool all_computed_ = true;
  std::set<std::string> computed_;
  // What the last run was given. Of an input that nobody looks at, only whether it was written since.
  std::vector<std::vector<int>> given_shapes_;
  std::vector<std::optional<Fingerprint>> given_values_;
  std::uint64_t given_version_ = 0;
  bool trained_ = false;  // since
  ParameterWatch::Seen given_parameters_;
  ValueChanges input_changes_;
  std::string reason_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_ENGINE_H_
