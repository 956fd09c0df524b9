#include "blob.h"

#include <boost/make_shared.hpp>
#include <cstring>
#include <functional>
#include <mutex>
#include <numeric>
#include <utility>

#include "environment.h"
#include "memory_check.h"
#include "net_engine.h"
#include "wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x6d1b2c9e40f84a57, 0x9b7f3d21c8e05a64};

}  // namespace

boost::shared_ptr<FloatBlob> BlobContent::Blob() const {
  boost::shared_ptr<FloatBlob> locked = blob.lock();
  if (!locked) throw Failure("DISPOSED", "The net '" + net->name() + "' has been disposed.");
  return locked;
}

void BlobContent::RequireComputed(Part part) const {
  if (!parameter && part == Part::kData) net->engine().RequireComputed(name);
}

void BlobContent::NoteSet(Part part) const {
  if (part == Part::kDiff) return;
  if (parameter) {
    net->NoteParametersChanged();
  } else {
    net->engine().NoteComputed(name);
  }
}

void BlobContent::NoteView(const BlobMemory& held_by_view) const {
  if (parameter) {
    net->parameter_lock()->changes().Watch(held_by_view);
  } else {
    net->engine().NoteView(held_by_view);
  }
}

Part ToPart(const Napi::Value& value) {
  const std::string name = ToString(value, "data or diff");
  if (name != "data" && name != "diff") throw Failure("INPUT", "'" + name + "' is neither data nor diff.");
  return name == "data" ? Part::kData : Part::kDiff;
}

Napi::Float32Array NewView(Napi::Env env, const BlobMemory& memory, float* values, std::size_t count) {
  Environment& environment = Environment::Of(env);
  if (environment.external_memory_allowed()) {
    napi_value buffer = nullptr;
    auto keeper = std::make_unique<BlobMemory>(memory);
    const auto release = [](napi_env, void*, void* hint) {
      const std::unique_ptr<BlobMemory> owned(static_cast<BlobMemory*>(hint));
    };
    if (napi_create_external_arraybuffer(env, values, count * sizeof(float), release, keeper.get(), &buffer) == napi_ok) {
      static_cast<void>(keeper.release());
      return Napi::Float32Array::New(env, count, Napi::ArrayBuffer(env, buffer), 0);
    }
    environment.ForbidExternalMemory();
  }
  Napi::Float32Array copy = Napi::Float32Array::New(env, count);
  std::memcpy(copy.Data(), values, count * sizeof(float));
  return copy;
}

namespace {

std::int64_t CountOf(const std::vector<int>& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1},
                         [](std::int64_t count, int extent) { return count * extent; });
}

// A job on one blob. Parameters may be in use by a net on another lane.
class BlobJob : public Job {
 public:
  BlobJob(BlobContent content, Part part) : content_(std::move(content)), run_(content_.net), part_(part) {}
  void Execute(const StopFlag& stop) final {
    const boost::shared_ptr<FloatBlob> blob = content_.Blob();
    if (!content_.parameter && part_ == Part::kData && !content_.net->engine().IsComputed(content_.name)) {
      content_.net->ComputeBlob(content_.name, stop);
    }
    FitMemory(blob.get());
    if (content_.parameter) {
      const StoppableLockGuard lock(*content_.net->parameter_lock(), stop);
      Work(blob.get(), part_);
    } else {
      Work(blob.get(), part_);
    }
    content_.net->Measure();
  }
  Napi::Value Settle(Napi::Env env) final {
    content_.net->ReportMemory(env);
    return Result(env);
  }
  void Abandon() final { content_.net->Abandon(); }

 protected:
  virtual void Work(FloatBlob* blob, Part part) = 0;
  virtual Napi::Value Result(Napi::Env env) = 0;

 private:
  BlobContent content_;
  RunCount run_;
  Part part_;
};

class ReadJob final : public BlobJob {
 public:
  using BlobJob::BlobJob;

 protected:
  void Work(FloatBlob* blob, Part part) override { result_ = CopyOf(*blob, part); }
  Napi::Value Result(Napi::Env env) override { return ToJs(env, std::move(result_)); }

 private:
  TensorData result_;
};

class NumberJob final : public BlobJob {
 public:
  NumberJob(BlobContent content, Part part, std::function<double(FloatBlob*, Part)> body)
      : BlobJob(std::move(content), part), body_(std::move(body)) {}

 protected:
  void Work(FloatBlob* blob, Part part) override { result_ = blob->count() == 0 ? 0 : body_(blob, part); }
  Napi::Value Result(Napi::Env env) override { return Napi::Number::New(env, result_); }

 private:
  std::function<double(FloatBlob*, Part)> body_;
  double result_ = 0;
};

}  // namespace

BlobWrap::BlobWrap(const Napi::CallbackInfo& info) : Napi::ObjectWrap<BlobWrap>(info), content_(WrapContent<BlobContent>(info)) {
  info.This().As<Napi::Object>().TypeTag(&kTag);
}

void BlobWrap::Register(Napi::Env env) {
  Environment::Of(env).blob_class =
      Napi::Persistent(DefineClass(env, "Blob",
                                   {InstanceAccessor<&BlobWrap::Shape>("shape"), InstanceAccessor<&BlobWrap::Count>("count"),
                                    InstanceMethod("view", &BlobWrap::View), InstanceMethod("set", &BlobWrap::SetValues),
                                    InstanceMethod("reshape", &BlobWrap::Reshape), InstanceMethod("read", &BlobWrap::Read),
                                    InstanceMethod("asum", &BlobWrap::AbsoluteSum), InstanceMethod("sumsq", &BlobWrap::SquareSum),
                                    InstanceMethod("scale", &BlobWrap::Scale)}));
}

Napi::Value BlobWrap::Shape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    content_.net->RequireIdle();
    return ToJs(info.Env(), content_.Blob()->shape());
  });
}

Napi::Value BlobWrap::Count(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    content_.net->RequireIdle();
    return Napi::Number::New(info.Env(), content_.Blob()->count());
  });
}

Napi::Value BlobWrap::View(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  return Guarded(env, [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    content_.net->RequireIdle();
    const boost::shared_ptr<FloatBlob> kept = content_.Blob();
    FloatBlob& blob = *kept;
    const auto count = static_cast<std::size_t>(blob.count());
    if (count == 0) return Napi::Float32Array::New(env, 0);
    if (count > kMostExternalBytes / sizeof(float)) {
      FailureDetails details;
      details.hint = "Use `await blob.read()`, which copies.";
      throw Failure("UNSUPPORTED",
                    "A blob of shape " + ShapeText(blob.shape()) + " takes more than the 4 GiB that Node can show in place.",
                    std::move(details));
    }
    content_.RequireComputed(part);
    FitMemory(&blob);
    const bool first_touch = HeldBytes(MemoryOf(blob, part)) == 0;
    float* const values = part == Part::kData ? blob.mutable_cpu_data() : blob.mutable_cpu_diff();
    if (first_touch) {
      content_.net->Measure();
      content_.net->ReportMemory(env);
    }
    if (content_.copy_only) {
      Napi::Float32Array copy = Napi::Float32Array::New(env, count);
      std::memcpy(copy.Data(), values, count * sizeof(float));
      return copy;
    }
    Handed& handed = part == Part::kData ? data_view_ : diff_view_;
    if (handed.memory == values && handed.count == count && !handed.array.IsEmpty()) {
      const Napi::Value kept = handed.array.Value();
      if (!kept.IsEmpty() && kept.IsTypedArray() && kept.As<Napi::TypedArray>().ElementLength() == count) return kept;
    }
    // The view holds the memory by a pointer of its own, which ends with it.
    const BlobMemory& memory = MemoryOf(blob, part);
    const BlobMemory held(boost::make_shared<BlobMemory>(memory), memory.get());
    if (part == Part::kData) content_.NoteView(held);
    const Napi::Float32Array view = NewView(env, held, values, count);
    handed.memory = values;
    handed.count = count;
    handed.array = Environment::Of(env).external_memory_allowed() ? Napi::ObjectReference::New(view, 0) : Napi::ObjectReference();
    return view;
  });
}

Napi::Value BlobWrap::SetValues(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    const std::vector<float> values = ToFloats(info[1], "The values of a blob");
    content_.net->RequireIdle();
    const boost::shared_ptr<FloatBlob> kept = content_.Blob();
    FloatBlob& blob = *kept;
    if (values.size() != static_cast<std::size_t>(blob.count())) {
      throw Failure("INPUT", std::to_string(values.size()) + " values were given; the blob's shape " + ShapeText(blob.shape()) +
                                 " takes " + std::to_string(blob.count()) + ".");
    }
    // A net that shares these parameters may be running on another lane. A run that lends the net holds the lock for us.
    std::unique_lock lock(*content_.net->parameter_lock(), std::defer_lock);
    if (content_.parameter && !content_.net->lent() && !lock.try_lock()) {
      FailureDetails details;
      details.hint = "Await its run first.";
      throw Failure("BUSY", "A net that shares this parameter is running.", std::move(details));
    }
    if (values.empty()) return info.Env().Undefined();
    FitMemory(&blob);
    std::memcpy(part == Part::kData ? blob.mutable_cpu_data() : blob.mutable_cpu_diff(), values.data(),
                values.size() * sizeof(float));
    content_.NoteSet(part);
    return info.Env().Undefined();
  });
}

Napi::Value BlobWrap::Reshape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<int> shape = ToInts(info[0], "A shape");
    CheckShape(shape);
    content_.net->RequireStill();
    const boost::shared_ptr<FloatBlob> blob = content_.Blob();
    if (content_.fixed_shape && shape != blob->shape()) {
      throw Failure("SHAPE", std::string(content_.parameter ? "A parameter" : "The top of a layer that reads data") +
                                 " keeps its shape, " + ShapeText(blob->shape()) + "; " + ShapeText(shape) + " was given.");
    }
    const auto bytes = CountOf(shape) * static_cast<std::int64_t>(sizeof(float));
    MemoryBudget budget("A blob of shape " + ShapeText(shape));
    const BlobMemory& memory = MemoryOf(*blob, Part::kData);  // none in the top of an Input without a shape
    if (!memory || bytes > static_cast<std::int64_t>(memory->size())) budget.Spend(bytes);
    if (!content_.parameter) content_.net->engine().NoteWritten(*blob);
    blob->Reshape(shape);
    FitMemory(blob.get());
    content_.net->Measure();
    content_.net->ReportMemory(info.Env());
    return info.Env().Undefined();
  });
}

void BlobWrap::RequireAlive() const {
  if (content_.net->disposed()) throw Failure("DISPOSED", "The net '" + content_.net->name() + "' has been disposed.");
}

Napi::Value BlobWrap::Read(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    RequireAlive();
    if (content_.net->lent()) {
      const auto deferred = Napi::Promise::Deferred::New(info.Env());
      content_.RequireComputed(part);
      deferred.Resolve(ToJs(info.Env(), CopyOf(*content_.Blob(), part)));
      return deferred.Promise();
    }
    return Environment::Of(info.Env()).executor().Post(content_.net->lane(), std::make_unique<ReadJob>(content_, part));
  });
}

Napi::Value BlobWrap::PostNumber(const Napi::CallbackInfo& info, std::function<double(FloatBlob*, Part)> body) {
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    RequireAlive();
    return Environment::Of(info.Env())
        .executor()
        .Post(content_.net->lane(), std::make_unique<NumberJob>(content_, part, std::move(body)));
  });
}

Napi::Value BlobWrap::AbsoluteSum(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return PostNumber(
      info, [](FloatBlob* blob, Part part) -> double { return part == Part::kData ? blob->asum_data() : blob->asum_diff(); });
}

Napi::Value BlobWrap::SquareSum(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return PostNumber(
      info, [](FloatBlob* blob, Part part) -> double { return part == Part::kData ? blob->sumsq_data() : blob->sumsq_diff(); });
}

Napi::Value BlobWrap::Scale(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  float factor = 0;
  Guarded(info.Env(), [&] { factor = static_cast<float>(ToDouble(info[1], "A factor")); });
  return PostNumber(info, [factor, content = content_](FloatBlob* blob, Part part) -> double {
    if (part == Part::kData) blob->scale_data(factor);
    if (part == Part::kDiff) blob->scale_diff(factor);
    content.NoteSet(part);
    return 0;
  });
}

}  // namespace caffe_node
