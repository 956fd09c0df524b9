#include "database_writer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "closable.h"
#include "convert.h"
#include "dataset_writer.h"
#include "environment.h"
#include "executor.h"
#include "failure.h"
#include "function_job.h"

namespace caffe_node {

namespace {

DatasetItem ToItem(const Napi::Object& object) {
  DatasetItem item;
  item.key = ToString(Property(object, "key"), "key");
  item.label = ToInt(Property(object, "label"), "label");
  item.height = ToInt(Property(object, "height"), "height");
  item.width = ToInt(Property(object, "width"), "width");
  item.channels = ToInt(Property(object, "channels"), "channels");
  if (Has(object, "floats")) item.floats = ToFloats(Property(object, "floats"), "floats");
  if (Has(object, "pixels")) item.pixels = ToBytes(Property(object, "pixels"), "pixels");
  if (Has(object, "encoded")) item.encoded = ToBytes(Property(object, "encoded"), "encoded");
  return item;
}

std::vector<DatasetItem> ToItems(const Napi::Value& value) {
  if (!value.IsArray()) throw Failure("INPUT", "The items must be an array.");
  const auto array = value.As<Napi::Array>();
  std::vector<DatasetItem> items;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    items.push_back(ToItem(ToObject(array.Get(i), "An item")));
  }
  return items;
}

using PutMethod = void (DatasetWriter::*)(const std::vector<DatasetItem>& items, const StopFlag& stop);

class PutJob final : public Job {
 public:
  PutJob(std::shared_ptr<DatasetWriter> writer, std::vector<DatasetItem> items, PutMethod method)
      : writer_(std::move(writer)), items_(std::move(items)), method_(method) {}
  void Execute(const StopFlag& stop) override { ((*writer_).*method_)(items_, stop); }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  const std::shared_ptr<DatasetWriter> writer_;
  const std::vector<DatasetItem> items_;
  const PutMethod method_;
};

// Holds the last reference, as a rule, so that the files are closed here and not on the main thread.
class FlushJob final : public Job {
 public:
  explicit FlushJob(std::shared_ptr<DatasetWriter> writer) : writer_(std::move(writer)) {}
  void Execute(const StopFlag&) override {
    if (!writer_) return;  // closed before: this job waited for it
    const std::shared_ptr<DatasetWriter> writer = std::move(writer_);
    writer->Flush();
  }
  Napi::Value Settle(Napi::Env env) override { return env.Undefined(); }

 private:
  std::shared_ptr<DatasetWriter> writer_;
};

Napi::Value Post(Napi::Env env, std::unique_ptr<Job> job) {
  Executor& executor = Environment::Of(env).executor();
  return executor.Post(executor.FileLane(), std::move(job));
}

Napi::Object NewWriter(Napi::Env env, std::shared_ptr<DatasetWriter> writer) {
  const auto handle = NewClosable(std::move(writer), "The database");
  const auto put_by = [handle](PutMethod method) {
    return [handle, method](const Napi::CallbackInfo& info) {
      return Guarded(info.Env(), [&] {
        std::vector<DatasetItem> items = ToItems(info[0]);  // first: its getters may close the database
        return Post(info.Env(), std::make_unique<PutJob>(handle->RequireOpen(), std::move(items), method));
      });
    };
  };
  const auto mean = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&] {
      return PostToFileLane(
          info.Env(), [writer = handle->RequireOpen()] { return writer->Mean(); },
          [](Napi::Env env, TensorData values) { return ToJs(env, std::move(values)); });
    });
  };
  const auto close = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(),
                   [&] { return Post(info.Env(), std::make_unique<FlushJob>(std::exchange(handle->content, nullptr))); });
  };
  Napi::Object object = Napi::Object::New(env);
  object.Set("put", Napi::Function::New(env, put_by(&DatasetWriter::Put), "put"));
  object.Set("putRecords", Napi::Function::New(env, put_by(&DatasetWriter::PutRecords), "putRecords"));
  object.Set("mean", Napi::Function::New(env, mean, "mean"));
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

}  // namespace

Napi::Value CreateDatabase(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [path = ToString(info[0], "The path")] { return std::make_shared<DatasetWriter>(path); }, NewWriter);
  });
}

}  // namespace caffe_node
