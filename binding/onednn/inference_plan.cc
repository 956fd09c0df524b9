#include <omp.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "../failure.h"
#include "passes.h"
#include "program.h"
#include "tuning.h"

namespace caffe_node {

namespace onednn {

namespace {

using Clock = std::chrono::steady_clock;

// oneDNN makes primitives for as many threads as OpenMP has at the time, and they must run with as many.
class ThreadScope {
 public:
  explicit ThreadScope(int threads) : former_(omp_get_max_threads()) { omp_set_num_threads(std::max(1, threads)); }
  ~ThreadScope() { omp_set_num_threads(former_); }
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  const int former_;
};

Failure InPlan(const dnnl::error& error, const std::string& layer) {
  FailureDetails details;
  details.layer = layer;
  const std::string text = std::string("oneDNN: ") + error.what();
  if (error.status == dnnl_out_of_memory) return Failure("SHAPE", text, std::move(details));
  details.hint = "Use engine: 'caffe'.";
  return Failure("UNSUPPORTED", text, std::move(details));
}

class Plan final : public InferencePlan {
 public:
  Plan(FloatNet* net, const PlanSettings& settings) : net_(net), threads_(settings.threads) {
    const ThreadScope scope(threads_);
    Graph graph = ReadGraph(net, settings.wanted);
    Simplify(&graph);
    Tuning tuning(settings.tuning_file, threads_);
    program_ = BuildProgram(graph, settings.precision, &tuning);
    tuning.Save();
    stream_ = dnnl::stream(program_->context.engine);
    for (Step& step : program_->steps) Guarded(step, [&] { step.operation->TakeParameters(); });
  }

  void Run(const StopFlag& stop) override {
    RunAll([&](Step& step) { RunStep(step, stop); });
  }

  void RunTimed(const StopFlag& stop) override {
    for (Step& step : program_->steps) step.milliseconds = 0;
    RunAll([&](Step& step) {
      const Clock::time_point begin = Clock::now();
      RunStep(step, stop);
      step.milliseconds += std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
    });
  }

  void UpdateParameters(const std::vector<int>& layers) override {
    const ThreadScope scope(threads_);
    const auto changed = [&](int layer) { return std::find(layers.begin(), layers.end(), layer) != layers.end(); };
    for (Step& step : program_->steps) {
      if (!std::any_of(step.layers.begin(), step.layers.end(), changed)) continue;
      Guarded(step, [&] { step.operation->TakeParameters(); });
    }
  }

  std::set<const FloatBlob*> ParametersInUse() const override {
    std::set<const FloatBlob*> used;
    for (const Step& step : program_->steps) {
      for (const FloatBlob* const blob : step.operation->BorrowedParameters()) used.insert(blob);
      if (!step.in_caffe) continue;
      for (const int layer : step.layers) {
        for (const auto& blob : net_->layers()[static_cast<std::size_t>(layer)]->blobs()) used.insert(blob.get());
      }
    }
    return used;
  }

  std::vector<PlannedStep> Describe() const override {
    std::vector<PlannedStep> described;
    for (const Step& step : program_->steps) {
      PlannedStep planned;
      planned.layers = step.layers;
      planned.in_caffe = step.in_caffe;
      planned.primitive = step.operation->Primitive();
      if (!step.operation->tops().empty()) planned.format = FormatText(step.operation->tops()[0]);
      planned.milliseconds = step.milliseconds;
      described.push_back(std::move(planned));
    }
    return described;
  }

  std::int64_t Bytes() const override {
    std::int64_t bytes = program_->tensors.Bytes() + program_->scratch.bytes();
    for (const Step& step : program_->steps) bytes += step.operation->ParameterBytes();
    return bytes;
  }

 private:
  template <typename Body>
  void RunAll(const Body& run) {
    const ThreadScope scope(threads_);
    std::vector<Step>& steps = program_->steps;
    for (std::int64_t part = 0; program_->repeated > 0 && part < program_->parts; ++part) {
      program_->tensors.Turn(part);
      for (std::size_t step = 0; step < program_->repeated; ++step) run(steps[step]);
    }
    for (std::size_t step = program_->repeated; step < steps.size(); ++step) run(steps[step]);
  }

  void RunStep(Step& step, const StopFlag& stop) {
    stop.Check();
    for (const int tensor : step.reads) program_->tensors.Refresh(tensor, false);
    for (const int tensor : step.writes) program_->tensors.Refresh(tensor, true);
    Guarded(step, [&] { step.operation->Run(stream_); });
  }

  // What oneDNN throws names the layer.
  template <typename Body>
  void Guarded(const Step& step, const Body& body) {
    try {
      body();
    } catch (const dnnl::error& error) {
      throw InPlan(error, step.layers.empty() ? "" : net_->layer_names()[static_cast<std::size_t>(step.layers.front())]);
    }
  }

  FloatNet* const net_;
  const int threads_;
  std::unique_ptr<Program> program_;
  dnnl::stream stream_;
};

}  // namespace

}  // namespace onednn

std::unique_ptr<InferencePlan> PlanInference(FloatNet* net, const PlanSettings& settings) {
  if (net->phase() != caffe::TEST) throw Failure("UNSUPPORTED", "Only a net of the TEST phase has an inference plan.");
  try {
    return std::make_unique<onednn::Plan>(net, settings);
  } catch (const dnnl::error& error) {
    throw onednn::InPlan(error, "");
  }
}

}  // namespace caffe_node
