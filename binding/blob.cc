#include "blob.h"

#include <cstring>
#include <mutex>
#include <utility>

#include "environment.h"
#include "wrap.h"

namespace caffe_node {

namespace {

constexpr napi_type_tag kTag = {0x6d1b2c9e40f84a57, 0x9b7f3d21c8e05a64};

Part ToPart(const Napi::Value& value) {
  const std::string name = ToString(value, "data or diff");
  if (name != "data" && name != "diff") throw Failure("INPUT", "'" + name + "' is neither data nor diff.");
  return name == "data" ? Part::kData : Part::kDiff;
}

// A Float32Array over Caffe's memory, which it keeps alive; a copy where the runtime forbids external memory (Electron).
Napi::Float32Array NewView(Napi::Env env, const boost::shared_ptr<caffe::SyncedMemory>& memory, float* values,
                           std::size_t count) {
  Environment& environment = Environment::Of(env);
  if (environment.external_memory_allowed()) {
    napi_value buffer = nullptr;
    auto keeper = std::make_unique<boost::shared_ptr<caffe::SyncedMemory>>(memory);
    const auto release = [](napi_env, void*, void* hint) {
      const std::unique_ptr<boost::shared_ptr<caffe::SyncedMemory>> owned(
          static_cast<boost::shared_ptr<caffe::SyncedMemory>*>(hint));
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

class ReadJob final : public Job {
 public:
  ReadJob(BlobContent content, Part part) : content_(std::move(content)), run_(content_.net), part_(part) {}
  void Execute(const StopFlag&) override { result_ = CopyOf(*content_.blob, part_); }
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, std::move(result_)); }
  void Abandon() override { content_.net->Abandon(); }

 private:
  BlobContent content_;
  RunCount run_;
  Part part_;
  TensorData result_;
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
                                    InstanceMethod("reshape", &BlobWrap::Reshape), InstanceMethod("read", &BlobWrap::Read)}));
}

Napi::Value BlobWrap::Shape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    content_.net->RequireIdle();
    return ToJs(info.Env(), content_.blob->shape());
  });
}

Napi::Value BlobWrap::Count(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    content_.net->RequireIdle();
    return Napi::Number::New(info.Env(), content_.blob->count());
  });
}

Napi::Value BlobWrap::View(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  const Napi::Env env = info.Env();
  return Guarded(env, [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    content_.net->RequireIdle();
    FloatBlob& blob = *content_.blob;
    const auto count = static_cast<std::size_t>(blob.count());
    if (count == 0) return Napi::Float32Array::New(env, 0);
    float* const values = part == Part::kData ? blob.mutable_cpu_data() : blob.mutable_cpu_diff();
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
    const Napi::Float32Array view = NewView(env, part == Part::kData ? blob.data() : blob.diff(), values, count);
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
    FloatBlob& blob = *content_.blob;
    if (values.size() != static_cast<std::size_t>(blob.count())) {
      throw Failure("INPUT", std::to_string(values.size()) + " values were given; the blob's shape " + ShapeText(blob.shape()) +
                                 " takes " + std::to_string(blob.count()) + ".");
    }
    // A net that shares these parameters may be running on another lane.
    const std::unique_lock<std::mutex> lock(*content_.net->parameter_lock(), std::try_to_lock);
    if (!lock) throw Failure("BUSY", "A net that shares this blob is running.");
    if (values.empty()) return info.Env().Undefined();
    std::memcpy(part == Part::kData ? blob.mutable_cpu_data() : blob.mutable_cpu_diff(), values.data(),
                values.size() * sizeof(float));
    return info.Env().Undefined();
  });
}

Napi::Value BlobWrap::Reshape(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const std::vector<int> shape = ToInts(info[0], "A shape");
    CheckShape(shape);
    content_.net->RequireIdle();
    if (content_.fixed_shape && shape != content_.blob->shape()) {
      throw Failure(
          "SHAPE", "A parameter keeps its shape, " + ShapeText(content_.blob->shape()) + "; " + ShapeText(shape) + " was given.");
    }
    content_.blob->Reshape(shape);
    return info.Env().Undefined();
  });
}

Napi::Value BlobWrap::Read(const Napi::CallbackInfo& info) {
  RequireTag(info, kTag);
  return Guarded(info.Env(), [&]() -> Napi::Value {
    const Part part = ToPart(info[0]);
    if (content_.net->disposed()) throw Failure("DISPOSED", "The net '" + content_.net->name() + "' has been disposed.");
    return Environment::Of(info.Env()).executor().Post(content_.net->lane(), std::make_unique<ReadJob>(content_, part));
  });
}

}  // namespace caffe_node
