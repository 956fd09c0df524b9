#include "net_timing.h"

#include "closable.h"
#include "convert.h"
#include "environment.h"
#include "flavour.h"
#include "net_jobs.h"
#include "stop_flag.h"

namespace caffe_node {

namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

}  // namespace

NetTiming::NetTiming(Lane* lane, const caffe::NetParameter& param, const std::vector<WeightsSource>& weights, unsigned seed) {
  flavour::Seed(seed);
  const boost::shared_ptr<FloatNet> net(new FloatNet(param));
  // Hooks run in the order in which they were added. NetState adds its checks of what goes into and comes out of a layer: the
  // clock stops before them and starts behind them.
  net->add_after_forward(&stop_forward_);
  net_ = std::make_unique<NetState>(lane, net, seed);
  net->add_before_forward(&start_);
  net->add_before_backward(&start_);
  net->add_after_backward(&stop_backward_);
  for (const WeightsSource& source : weights) {
    CopyRequest copy;
    copy.weights = source;
    CopyWeights(net_.get(), copy);
  }
}

void NetTiming::StopForward(int layer) {
  times_.forward[static_cast<std::size_t>(layer)] = Milliseconds(Clock::now() - started_).count();
}

void NetTiming::StopBackward(int layer) {
  times_.backward[static_cast<std::size_t>(layer)] = Milliseconds(Clock::now() - started_).count();
}

IterationTimes NetTiming::Run(const StopFlag& stop) {
  times_ = {std::vector<double>(layers().size()), std::vector<double>(layers().size())};
  Forward(stop);
  Backward(stop);
  return times_;
}

void NetTiming::Forward(const StopFlag& stop) {
  const Clock::time_point begin = Clock::now();
  net_->Watched(stop, [&] { net_->net().ForwardFromTo(0, static_cast<int>(layers().size()) - 1); });
  times_.forward_total = Milliseconds(Clock::now() - begin).count();
}

void NetTiming::Backward(const StopFlag& stop) {
  const Clock::time_point begin = Clock::now();
  for (int layer = static_cast<int>(layers().size()) - 1; layer >= 0; --layer) BackwardOf(layer, stop);
  times_.backward_total = Milliseconds(Clock::now() - begin).count();
}

// Like the caffe tool, and unlike Net::Backward, also runs layers that no loss needs, as all layers of a deploy net: they then
// compute the gradients of their parameters only.
void NetTiming::BackwardOf(int layer, const StopFlag& stop) {
  FloatNet& net = net_->net();
  const auto index = static_cast<std::size_t>(layer);
  if (net.layer_need_backward()[index]) {
    net_->Watched(stop, [&] { net.BackwardFromTo(layer, layer); });
    return;
  }
  stop.Check();
  Start(layer);
  try {
    net.layers()[index]->Backward(net.top_vecs()[index], net.bottom_need_backward()[index], net.bottom_vecs()[index]);
  } catch (...) {
    throw InLayer(AsFailure(std::current_exception()), layers()[index].name);
  }
  StopBackward(layer);
}

namespace {

Napi::Array ToJs(Napi::Env env, const std::vector<double>& values) {
  Napi::Array array = Napi::Array::New(env, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) array.Set(static_cast<uint32_t>(i), Napi::Number::New(env, values[i]));
  return array;
}

class RunTimingJob final : public Job {
 public:
  explicit RunTimingJob(std::shared_ptr<NetTiming> timing) : timing_(std::move(timing)) {}
  void Execute(const StopFlag& stop) override { times_ = timing_->Run(stop); }
  void Abandon() override {
    timing_->Abandon();
    static_cast<void>(new std::shared_ptr<NetTiming>(timing_));  // owned by nobody: the parked thread still stands inside it
  }
  Napi::Value Settle(Napi::Env env) override {
    Napi::Object object = Napi::Object::New(env);
    object.Set("forward", ToJs(env, times_.forward));
    object.Set("backward", ToJs(env, times_.backward));
    object.Set("forwardTotal", times_.forward_total);
    object.Set("backwardTotal", times_.backward_total);
    return object;
  }

 private:
  const std::shared_ptr<NetTiming> timing_;
  IterationTimes times_;
};

Napi::Object NewTiming(Napi::Env env, Lane* lane, std::shared_ptr<NetTiming> timing) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array layers = Napi::Array::New(env);
  for (const LayerFacts& facts : timing->layers()) {
    Napi::Object layer = Napi::Object::New(env);
    layer.Set("name", facts.name);
    layer.Set("type", facts.type);
    layers.Set(layers.Length(), layer);
  }
  object.Set("layers", layers);
  const auto handle = NewClosable(std::move(timing), "The net");
  const auto run = [handle, lane](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&]() -> Napi::Value {
      std::shared_ptr<StopFlag> stop = StopFlagWrap::From(info[0]);
      Executor& executor = Environment::Of(info.Env()).executor();
      return executor.Post(lane, std::make_unique<RunTimingJob>(handle->RequireOpen()), std::move(stop));
    });
  };
  const auto close = [handle, lane](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&]() -> Napi::Value {
      Executor& executor = Environment::Of(info.Env()).executor();
      return executor.Post(lane, std::make_unique<CloseJob<NetTiming>>(handle.get()));
    });
  };
  object.Set("run", Napi::Function::New(env, run, "run"));
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

class OpenTimingJob final : public Job {
 public:
  OpenTimingJob(Lane* lane, LoadRequest request) : lane_(lane), request_(std::move(request)) {}
  void Execute(const StopFlag&) override {
    const caffe::NetParameter param = ReadNet(request_.model, request_.base, request_.state);
    timing_ = std::make_shared<NetTiming>(lane_, param, request_.weights, request_.seed);
  }
  Napi::Value Settle(Napi::Env env) override { return NewTiming(env, lane_, std::move(timing_)); }

 private:
  Lane* const lane_;
  const LoadRequest request_;
  std::shared_ptr<NetTiming> timing_;
};

Napi::Value OpenNetTiming(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    Environment& environment = Environment::Of(info.Env());
    LoadRequest request = ToLoadRequest(ToObject(info[0], "A request"), environment.NextSeed());
    Lane* const lane = environment.executor().NextLane();
    return environment.executor().Post(lane, std::make_unique<OpenTimingJob>(lane, std::move(request)));
  });
}

}  // namespace

void RegisterNetTiming(Napi::Env env, Napi::Object exports) {
  exports.Set("openNetTiming", Napi::Function::New(env, OpenNetTiming, "openNetTiming"));
}

}  // namespace caffe_node
