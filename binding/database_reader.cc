#include "database_reader.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "closable.h"
#include "convert.h"
#include "database.h"
#include "database_writer.h"
#include "environment.h"
#include "executor.h"
#include "failure.h"
#include "function_job.h"

namespace caffe_node {

namespace {

struct Item {
  std::string key;
  caffe::Datum datum;
};

Napi::Object ToJs(Napi::Env env, const Item& item) {
  const std::string& bytes = item.datum.data();
  auto data = Napi::Uint8Array::New(env, bytes.size());
  if (!bytes.empty()) std::memcpy(data.Data(), bytes.data(), bytes.size());
  Napi::Object object = Napi::Object::New(env);
  object.Set("key", item.key);
  object.Set("label", item.datum.label());
  object.Set("height", item.datum.height());
  object.Set("width", item.datum.width());
  object.Set("channels", item.datum.channels());
  object.Set("encoded", item.datum.encoded());
  object.Set("data", data);
  const auto& values = item.datum.float_data();
  if (!values.empty()) {
    auto floats = Napi::Float32Array::New(env, static_cast<std::size_t>(values.size()));
    std::copy(values.begin(), values.end(), floats.Data());
    object.Set("floats", floats);
  }
  return object;
}

class ReadJob final : public Job {
 public:
  ReadJob(std::shared_ptr<Database> database, std::size_t start, std::size_t count)
      : database_(std::move(database)), start_(start), count_(count) {}

  void Execute(const StopFlag& stop) override {
    for (std::size_t i = start_; i < start_ + count_; ++i) {
      stop.Check();
      items_.emplace_back();
      items_.back().key = database_->key(i);
      database_->Read(i, &items_.back().datum);
    }
  }

  Napi::Value Settle(Napi::Env env) override {
    const Napi::Array array = Napi::Array::New(env, items_.size());
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const Napi::HandleScope scope(env);
      array.Set(static_cast<uint32_t>(i), ToJs(env, items_[i]));
    }
    return array;
  }

 private:
  const std::shared_ptr<Database> database_;
  const std::size_t start_;
  const std::size_t count_;
  std::vector<Item> items_;
};

Napi::Value Post(Napi::Env env, std::unique_ptr<Job> job) {
  Executor& executor = Environment::Of(env).executor();
  return executor.Post(executor.FileLane(), std::move(job));
}

Napi::Value Read(const Napi::CallbackInfo& info, const Closable<Database>& handle) {
  const std::shared_ptr<Database>& database = handle.RequireOpen();
  const int start = ToInt(info[0], "start");
  const int count = ToInt(info[1], "count");
  if (start < 0 || count < 0 || static_cast<std::size_t>(start) + static_cast<std::size_t>(count) > database->size()) {
    throw Failure("INPUT", "The database has " + std::to_string(database->size()) + " entries; " + std::to_string(count) +
                               " from " + std::to_string(start) + " on cannot be read.");
  }
  return Post(info.Env(), std::make_unique<ReadJob>(database, static_cast<std::size_t>(start), static_cast<std::size_t>(count)));
}

Napi::Object NewReader(Napi::Env env, std::shared_ptr<Database> database) {
  Napi::Object object = Napi::Object::New(env);
  object.DefineProperty(
      Napi::PropertyDescriptor::Value("count", Napi::Number::New(env, static_cast<double>(database->size())), napi_enumerable));
  const auto handle = NewClosable(std::move(database), "The database");
  const auto read = [handle](const Napi::CallbackInfo& info) { return Guarded(info.Env(), [&] { return Read(info, *handle); }); };
  const auto close = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&] { return Post(info.Env(), std::make_unique<CloseJob<Database>>(handle.get())); });
  };
  object.Set("read", Napi::Function::New(env, read, "read"));
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

}  // namespace

Napi::Value OpenDatabase(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [path = ToString(info[0], "The path")] { return Database::Open(path); }, NewReader);
  });
}

void RegisterDatabases(Napi::Env env, Napi::Object exports) {
  exports.Set("createDatabase", Napi::Function::New(env, CreateDatabase, "createDatabase"));
  exports.Set("openDatabase", Napi::Function::New(env, OpenDatabase, "openDatabase"));
}

}  // namespace caffe_node
