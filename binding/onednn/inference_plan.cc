#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <utility>

#include "../failure.h"
#include "milliseconds.h"
#include "passes.h"
#include "program.h"
#include "thread_scope.h"
#include "tuning.h"

namespace caffe_node {

namespace onednn {

namespace {

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
    Tuning tuning(settings.tuning_file);
    program_ = BuildProgram(graph, settings.precision, &tuning);
    tuning.Save();
    for (int worker = 0; worker < program_->workers; ++worker) streams_.emplace_back(program_->context.engine);
    for (Step& step : program_->steps) Guarded(step, [&] { step.operation->TakeParameters(); });
  }

  void Run(const StopFlag& stop) override {
    RunAll([&](std::size_t step, int worker) { RunStep(step, worker, stop); });
  }

  void RunTimed(const StopFlag& stop) override {
    std::vector<Step>& steps = program_->steps;
    std::vector<std::vector<double>> spent(streams_.size(), std::vector<double>(steps.size()));
    RunAll([&](std::size_t step, int worker) {
      spent[static_cast<std::size_t>(worker)][step] += Milliseconds([&] { RunStep(step, worker, stop); });
    });
    for (std::size_t step = 0; step < steps.size(); ++step) {
      steps[step].milliseconds = 0;
      for (const std::vector<double>& of_worker : spent) steps[step].milliseconds += of_worker[step];
    }
    // Of what several did at the same time, each step has its share of the time that passed.
    double sum = 0;
    for (std::size_t step = 0; step < program_->repeated; ++step) sum += steps[step].milliseconds;
    for (std::size_t step = 0; step < program_->repeated; ++step) steps[step].milliseconds *= parts_milliseconds_ / sum;
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
    std::int64_t bytes = program_->tensors.Bytes();
    for (const AlignedMemory& scratch : program_->scratch) bytes += scratch.bytes();
    for (const Step& step : program_->steps) bytes += step.operation->ParameterBytes();
    return bytes;
  }

 private:
  // Body(step, worker) runs a step.
  template <typename Body>
  void RunAll(const Body& run) {
    const ThreadScope scope(threads_);
    if (program_->repeated > 0) parts_milliseconds_ = Milliseconds([&] { RunParts(run); });
    for (std::size_t step = program_->repeated; step < program_->steps.size(); ++step) {
      Refresh(program_->steps[step]);
      run(step, 0);
    }
  }

  template <typename Body>
  void RunParts(const Body& run) {
    for (std::size_t step = 0; step < program_->repeated; ++step) Refresh(program_->steps[step]);
    std::atomic<std::int64_t> next{0};
    const auto work = [&](int worker) {
      for (std::int64_t part = next++; part < program_->parts; part = next++) {
        program_->tensors.Turn(worker, part);
        for (std::size_t step = 0; step < program_->repeated; ++step) run(step, worker);
      }
    };
    if (program_->workers == 1) return work(0);
    std::exception_ptr wrong;  // the first
#pragma omp parallel num_threads(program_->workers)
    {
      const ThreadScope alone(1);
      try {
        work(omp_get_thread_num());
      } catch (...) {
        next = program_->parts;
#pragma omp critical(caffe_node_parts)
        if (!wrong) wrong = std::current_exception();
      }
    }
    if (wrong) std::rethrow_exception(wrong);
  }

  void Refresh(const Step& step) {
    for (const int tensor : step.reads) program_->tensors.Refresh(tensor, false);
    for (const int tensor : step.writes) program_->tensors.Refresh(tensor, true);
  }

  void RunStep(std::size_t index, int worker, const StopFlag& stop) {
    stop.Check();
    const Step& step = program_->steps[index];
    const auto one = static_cast<std::size_t>(worker);
    Guarded(step, [&] { step.bindings[one]->Run(streams_[one]); });
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
  std::vector<dnnl::stream> streams_;  // by worker
  double parts_milliseconds_ = 0;      // of the last run: the repeated steps, for all parts
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
