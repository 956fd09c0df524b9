#include "solver_jobs.h"

#include "environment.h"
#include "solver_check.h"
#include "wrap.h"

namespace caffe_node {

namespace {

std::string Trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

// Caffe allows a comma-separated list in each entry.
std::vector<WeightsSource> WeightsOf(const caffe::SolverParameter& param, const std::string& base) {
  std::vector<WeightsSource> weights;
  for (const std::string& entry : param.weights()) {
    for (std::size_t start = 0; start <= entry.size();) {
      const std::size_t end = std::min(entry.find(',', start), entry.size());
      const std::string path = Trimmed(entry.substr(start, end - start));
      if (!path.empty()) weights.push_back({Resolve(base, path), {}});
      start = end + 1;
    }
  }
  return weights;
}

}  // namespace

void LoadSolverJob::Execute(const StopFlag&) {
  content_.param = ReadSolver(model_);
  CheckNets(content_.param);
  const caffe::SolverParameter inlined = InlineNets(content_.param, base_, Resolve(base_, model_.path));
  CheckSettings(inlined);
  const std::vector<WeightsSource> weights = weights_.empty() ? WeightsOf(content_.param, base_) : weights_;
  content_.solver = std::make_shared<SolverState>(lane_, inlined, weights, seed_);
  content_.solver->UseEngine(engine_);
}

Napi::Value LoadSolverJob::Settle(Napi::Env env) { return NewWrap(env, Environment::Of(env).solver_class, content_); }

SolverJob::SolverJob(std::shared_ptr<SolverState> solver) : solver_(std::move(solver)) {
  runs_.push_back(std::make_unique<RunCount>(solver_->net()));
  for (const auto& net : solver_->test_nets()) runs_.push_back(std::make_unique<RunCount>(net));
}

void StepJob::Execute(const StopFlag& stop) {
  if (between_) between_->Check();
  // A callback that does not settle would keep us from looking at `between_`.
  const RequestScope request(between_ ? between_ : std::make_shared<StopFlag>());
  result_ = solver().Step(count_, between_ ? *between_ : stop, stop, this);
}

void StepJob::Tell(SolverEvent event) const {
  if (!listeners_.event) return;
  const auto shared = std::make_shared<SolverEvent>(std::move(event));
  JobContext::Current().executor->PostToMain([shared, listener = listeners_.event](Napi::Env env) {
    listener->Get().As<Napi::Function>().Call({caffe_node::ToJs(env, std::move(*shared))});
  });
}

void StepJob::Await(const char* name, const std::shared_ptr<KeptValue>& callback) {
  if (!callback) return;
  CallMain(std::string("The callback of ") + name,
           [callback](Napi::Env, const std::shared_ptr<MainCall>&) { return callback->Get().As<Napi::Function>().Call({}); });
}

Napi::Value StepJob::Settle(Napi::Env env) {
  Napi::Object step = Napi::Object::New(env);
  step.Set("iteration", result_.iteration);
  step.Set("loss", result_.loss);
  step.Set("smoothedLoss", result_.smoothed_loss);
  step.Set("learningRate", result_.learning_rate);
  step.Set("waiting", result_.waiting);
  step.Set("outputs", ToJs(env, std::move(result_.outputs)));
  step.Set("diverged", result_.diverged);
  return step;
}

}  // namespace caffe_node
