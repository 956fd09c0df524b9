#include "solver_check.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "failure.h"
#include "joined.h"

namespace caffe_node {

namespace {

const std::vector<std::string>& Types() {
  static const std::vector<std::string> types{"SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"};
  return types;
}

const std::vector<std::string>& Policies() {
  static const std::vector<std::string> policies{"fixed", "step", "exp", "inv", "multistep", "poly", "sigmoid"};
  return policies;
}

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <typename Value>
std::string Text(const Value& value) {
  std::ostringstream text;
  text << value;
  return text.str();
}

Failure Refused(const std::string& what, const std::string& hint = "") {
  FailureDetails details;
  details.hint = hint;
  return Failure("PROTOTXT", "The solver " + what + ".", std::move(details));
}

void RequireAtLeast(const char* field, int value, int least) {
  if (value >= least) return;
  throw Refused("has " + std::string(field) + ": " + Text(value) + "; it must be at least " + Text(least));
}

void RequireFinite(const char* field, float value) {
  if (!std::isfinite(value)) throw Refused("has " + std::string(field) + ": " + Text(value) + "; it must be a finite number");
}

void RequireFrom0(const char* field, float value) {
  RequireFinite(field, value);
  if (value < 0) throw Refused("has " + std::string(field) + ": " + Text(value) + "; it must be at least 0");
}

// Shares of a moving average.
void RequireShare(const char* field, float value) {
  if (value >= 0 && value < 1) return;  // NaN is neither
  throw Refused("has " + std::string(field) + ": " + Text(value) + "; it must be at least 0 and below 1");
}

void CheckPolicy(const caffe::SolverParameter& solver) {
  const std::string& policy = solver.lr_policy();
  const std::string known = "Caffe knows the policies " + Joined(Policies()) + ".";
  if (policy.empty()) throw Refused("has no lr_policy", known);
  if (!Holds(Policies(), policy)) throw Refused("has lr_policy: \"" + policy + "\", which Caffe does not know", known);
  if (policy != "fixed" && policy != "poly") RequireFrom0("gamma", solver.gamma());
  if (policy == "inv" || policy == "poly") RequireFinite("power", solver.power());
  if (policy == "step" || policy == "sigmoid") RequireAtLeast("stepsize", solver.stepsize(), 1);
  if (policy == "poly") RequireAtLeast("max_iter (which ends the policy \"poly\")", solver.max_iter(), 1);
}

void CheckType(const caffe::SolverParameter& solver) {
  const std::string& type = solver.type();
  if (!Holds(Types(), type))
    throw Refused("has type: \"" + type + "\", which Caffe does not know", "Its types are " + Joined(Types()) + ".");
  RequireShare("momentum", solver.momentum());
  if ((type == "AdaGrad" || type == "RMSProp") && solver.momentum() != 0) {
    throw Refused("has momentum: " + Text(solver.momentum()) + " with type: \"" + type + "\"", "This type has none: remove it.");
  }
  if (type == "RMSProp") RequireShare("rms_decay", solver.rms_decay());
  if (type == "Adam") RequireShare("momentum2", solver.momentum2());
  // What keeps these types from dividing by zero where a gradient is zero.
  if (type != "SGD" && type != "Nesterov" && !(solver.delta() > 0 && std::isfinite(solver.delta()))) {
    throw Refused("has delta: " + Text(solver.delta()) + "; it must be more than 0");
  }
}

void CheckIntervals(const caffe::SolverParameter& solver) {
  RequireAtLeast("iter_size", solver.iter_size(), 1);
  RequireAtLeast("average_loss", solver.average_loss(), 1);
  RequireAtLeast("max_iter", solver.max_iter(), 0);
  RequireAtLeast("display", solver.display(), 0);
  RequireAtLeast("snapshot", solver.snapshot(), 0);
  RequireAtLeast("test_interval", solver.test_interval(), 0);
  for (const int batches : solver.test_iter()) RequireAtLeast("test_iter", batches, 1);
}

}  // namespace

void CheckNets(const caffe::SolverParameter& solver) {
  const std::string fields = "Give one of net, net_param, train_net and train_net_param.";
  const int nets = solver.has_net() + solver.has_net_param() + solver.has_train_net() + solver.has_train_net_param();
  if (nets == 0) throw Refused("names no net to train", fields);
  if (nets > 1) throw Refused("names " + Text(nets) + " nets to train", fields);

  const bool generic = solver.has_net() || solver.has_net_param();
  const int own = solver.test_net_size() + solver.test_net_param_size();
  const int batches = solver.test_iter_size();
  const std::string hint = "Give one test_iter, the number of batches, for each test net.";
  if (batches < own) throw Refused("has " + Text(own) + " test nets and " + Text(batches) + " test_iter", hint);
  if (batches > own && !generic) throw Refused("has " + Text(own) + " test nets and " + Text(batches) + " test_iter", hint);
  if (solver.test_state_size() > 0 && solver.test_state_size() != batches) {
    throw Refused("has " + Text(batches) + " test nets and " + Text(solver.test_state_size()) + " test_state",
                  "Give none, or one for each test net.");
  }
  if (batches > 0 && solver.test_interval() < 1) {
    throw Refused("has test nets and no test_interval",
                  "Set the number of iterations between two tests, or remove test_iter and the test nets.");
  }
}

void CheckSettings(const caffe::SolverParameter& solver) {
  RequireFrom0("base_lr", solver.base_lr());
  CheckPolicy(solver);
  CheckType(solver);
  CheckIntervals(solver);
  RequireFrom0("weight_decay", solver.weight_decay());
  if (solver.regularization_type() != "L1" && solver.regularization_type() != "L2") {
    throw Refused("has regularization_type: \"" + solver.regularization_type() + "\"", "Its values are L1 and L2.");
  }
  RequireFinite("clip_gradients", solver.clip_gradients());
}

const std::vector<std::string>& ChangeableFields() {
  static const std::vector<std::string> fields{"average_loss",
                                               "base_lr",
                                               "clip_gradients",
                                               "debug_info",
                                               "delta",
                                               "display",
                                               "gamma",
                                               "iter_size",
                                               "max_iter",
                                               "momentum",
                                               "momentum2",
                                               "power",
                                               "regularization_type",
                                               "rms_decay",
                                               "snapshot",
                                               "snapshot_after_train",
                                               "snapshot_diff",
                                               "snapshot_format",
                                               "stepsize",
                                               "stepvalue",
                                               "test_compute_loss",
                                               "test_initialization",
                                               "test_interval",
                                               "test_iter",
                                               "weight_decay"};
  return fields;
}

void CheckChange(const caffe::SolverParameter& change) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  change.GetReflection()->ListFields(change, &fields);
  for (const auto* const field : fields) {
    if (Holds(ChangeableFields(), field->name())) continue;
    FailureDetails details;
    details.hint = "These can be set: " + Joined(ChangeableFields()) + ".";
    throw Failure("INPUT", "'" + field->name() + "' of a solver that was made cannot be set.", std::move(details));
  }
}

void ApplyChange(const caffe::SolverParameter& change, caffe::SolverParameter* solver) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  change.GetReflection()->ListFields(change, &fields);
  for (const auto* const field : fields) solver->GetReflection()->ClearField(solver, field);
  solver->MergeFrom(change);
}

}  // namespace caffe_node
