#include "database_writer.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "convert.h"
#include "dataset_writer.h"
#include "environment.h"
#include "executor.h"
#include "failure.h"

namespace caffe_node {

namespace {

// What the methods of one JS object share, on the main thread. They are functions bound to it, not methods of a class: whatever
// they are called on, they find their own writer. Jobs share the writer itself, and so keep it alive when the object is collected
// meanwhile.
struct Handle {
  std::shared_ptr<DatasetWriter> writer;

  const std::shared_ptr<DatasetWriter>& RequireOpen() const {
    if (!writer) throw Failure("DISPOSED", "The database is closed.");
    return writer;
  }
};

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

class MeanJob final : public Job {
 public:
  explicit MeanJob(std::shared_ptr<DatasetWriter> writer) : writer_(std::move(writer)) {}
  void Execute(const StopFlag&) override { mean_ = writer_->Mean(); }
  Napi::Value Settle(Napi::Env env) override { return ToJs(env, std::move(mean_)); }

 private:
  const std::shared_ptr<DatasetWriter> writer_;
  TensorData mean_;
};

// Holds the last reference, as a rule, so that the files are closed here and not on the main thread.
class CloseJob final : public Job {
 public:
  explicit CloseJob(std::shared_ptr<DatasetWriter> writer) : writer_(std::move(writer)) {}
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
  const auto handle = std::make_shared<Handle>(Handle{std::move(writer)});
  const auto put_by = [handle](PutMethod method) {
    return [handle, method](const Napi::CallbackInfo& info) {
      return Guarded(info.Env(), [&] {
        std::vector<DatasetItem> items = ToItems(info[0]);  // first: its getters may close the database
        return Post(info.Env(), std::make_unique<PutJob>(handle->RequireOpen(), std::move(items), method));
      });
    };
  };
  const auto mean = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&] { return Post(info.Env(), std::make_unique<MeanJob>(handle->RequireOpen())); });
  };
  const auto close = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(),
                   [&] { return Post(info.Env(), std::make_unique<CloseJob>(std::exchange(handle->writer, nullptr))); });
  };
  Napi::Object object = Napi::Object::New(env);
  object.Set("put", Napi::Function::New(env, put_by(&DatasetWriter::Put), "put"));
  object.Set("putRecords", Napi::Function::New(env, put_by(&DatasetWriter::PutRecords), "putRecords"));
  object.Set("mean", Napi::Function::New(env, mean, "mean"));
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

class CreateJob final : public Job {
 public:
  explicit CreateJob(std::string path) : path_(std::move(path)) {}
  void Execute(const StopFlag&) override { writer_ = std::make_shared<DatasetWriter>(path_); }
  Napi::Value Settle(Napi::Env env) override { return NewWriter(env, std::move(writer_)); }

 private:
  const std::string path_;
  std::shared_ptr<DatasetWriter> writer_;
};

}  // namespace

Napi::Value CreateDatabase(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] { return Post(info.Env(), std::make_unique<CreateJob>(ToString(info[0], "The path"))); });
}

}  // namespace caffe_node
