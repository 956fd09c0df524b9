// The JS side of a solver.
#ifndef CAFFE_NODE_SOLVER_H_
#define CAFFE_NODE_SOLVER_H_

#include <napi.h>

#include <memory>

#include "solver_jobs.h"

namespace caffe_node {

class SolverWrap final : public Napi::ObjectWrap<SolverWrap> {
 public:
  explicit SolverWrap(const Napi::CallbackInfo& info);
  // loadSolver and the class.
  static void Register(Napi::Env env, Napi::Object exports);

 private:
  Napi::Value Type(const Napi::CallbackInfo& info);
  Napi::Value Iteration(const Napi::CallbackInfo& info);
  Napi::Value LearningRate(const Napi::CallbackInfo& info);
  Napi::Value Net(const Napi::CallbackInfo& info);
  Napi::Value TestNets(const Napi::CallbackInfo& info);
  Napi::Value Param(const Napi::CallbackInfo& info);
  Napi::Value Change(const Napi::CallbackInfo& info);
  Napi::Value Step(const Napi::CallbackInfo& info);
  Napi::Value Test(const Napi::CallbackInfo& info);
  Napi::Value Snapshot(const Napi::CallbackInfo& info);
  Napi::Value Restore(const Napi::CallbackInfo& info);
  Napi::Value ApplyUpdate(const Napi::CallbackInfo& info);
  Napi::Value ApplyCaffesUpdate(const Napi::CallbackInfo& info);
  Napi::Value Dispose(const Napi::CallbackInfo& info);

  void RequireAlive() const;
  // The solver, when no run is in flight.
  SolverState& Idle() const;
  void Apply(const caffe::SolverParameter& change);
  Napi::Value Post(Napi::Env env, std::unique_ptr<Job> job, std::shared_ptr<StopFlag> stop = nullptr);

  SolverContent content_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_SOLVER_H_
