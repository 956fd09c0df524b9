#include "database_mean.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "closable.h"
#include "environment.h"
#include "failure.h"
#include "function_job.h"
#include "image_decode.h"
#include "stop_flag.h"

namespace caffe_node {

namespace {

std::string SizeText(int channels, int height, int width) {
  return std::to_string(channels) + "×" + std::to_string(height) + "×" + std::to_string(width);
}

}  // namespace

DatabaseMean::DatabaseMean(const std::string& path) : database_(Database::Open(path)) {}

std::size_t DatabaseMean::Add(std::size_t count, const StopFlag& stop) {
  const std::size_t end = next_ + std::min(count, database_->size() - next_);
  caffe::Datum datum;
  for (; next_ < end; ++next_) {
    stop.Check();
    database_->Read(next_, &datum);
    try {
      AddDatum(datum);
    } catch (const Failure& failure) {
      FailureDetails details = failure.details();
      details.file = database_->path();
      throw Failure("DATASET", "'" + database_->path() + "': The entry '" + database_->key(next_) + "': " + failure.what(),
                    std::move(details));
    }
  }
  return next_;
}

void DatabaseMean::RequireSize(int channels, int height, int width, std::size_t samples) {
  const bool positive = channels > 0 && height > 0 && width > 0;
  const std::uint64_t area = positive ? static_cast<std::uint64_t>(height) * static_cast<std::uint64_t>(width) : 0;
  if (area == 0 || area > kMostPixels || area * static_cast<std::uint64_t>(channels) != samples) {
    throw Failure("DATASET", "It has " + std::to_string(samples) + " samples; its size is given as " +
                                 SizeText(channels, height, width) + ".");
  }
  if (sums_.empty()) {
    channels_ = channels;
    height_ = height;
    width_ = width;
    sums_.resize(samples);
  } else if (channels != channels_ || height != height_ || width != width_) {
    FailureDetails details;
    details.hint = "A mean image needs images of one size: resize them when the database is made.";
    throw Failure("DATASET",
                  "Its size is " + SizeText(channels, height, width) + "; those before it are " +
                      SizeText(channels_, height_, width_) + ".",
                  std::move(details));
  }
}

void DatabaseMean::AddDatum(const caffe::Datum& datum) {
  if (datum.encoded()) {
    const Pixels image = DecodeImage(datum.data());
    RequireSize(image.channels, image.height, image.width, image.data.size());
    const auto channels = static_cast<std::size_t>(image.channels);
    std::size_t target = 0;
    for (std::size_t channel = channels; channel-- > 0;) {  // interleaved RGB as the planes B, G, R
      for (std::size_t i = channel; i < image.data.size(); i += channels) sums_[target++] += image.data[i];
    }
  } else if (!datum.data().empty()) {
    RequireSize(datum.channels(), datum.height(), datum.width(), datum.data().size());
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += static_cast<std::uint8_t>(datum.data()[i]);
  } else {
    RequireSize(datum.channels(), datum.height(), datum.width(), static_cast<std::size_t>(datum.float_data_size()));
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += static_cast<double>(datum.float_data(static_cast<int>(i)));
  }
}

TensorData DatabaseMean::Mean() const {
  if (next_ == 0) {
    FailureDetails details;
    details.file = database_->path();
    throw Failure("DATASET", "'" + database_->path() + "' is empty: it has no mean.", std::move(details));
  }
  TensorData mean;
  mean.shape = {1, channels_, height_, width_};
  mean.data.reserve(sums_.size());
  for (const double sum : sums_) mean.data.push_back(static_cast<float>(sum / static_cast<double>(next_)));
  return mean;
}

namespace {

class AddJob final : public Job {
 public:
  AddJob(std::shared_ptr<DatabaseMean> mean, std::size_t count) : mean_(std::move(mean)), count_(count) {}
  void Execute(const StopFlag& stop) override { done_ = mean_->Add(count_, stop); }
  Napi::Value Settle(Napi::Env env) override { return Napi::Number::New(env, static_cast<double>(done_)); }

 private:
  const std::shared_ptr<DatabaseMean> mean_;
  const std::size_t count_;
  std::size_t done_ = 0;
};

Napi::Object NewImageMean(Napi::Env env, std::shared_ptr<DatabaseMean> mean) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("count", static_cast<double>(mean->count()));
  const auto handle = NewClosable(std::move(mean), "The database");
  const auto add = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&]() -> Napi::Value {
      const int count = ToInt(info[0], "The number of images");
      if (count < 0) throw Failure("INPUT", "The number of images must be 0 or more.");
      std::shared_ptr<StopFlag> stop = StopFlagWrap::From(info[1]);
      Executor& executor = Environment::Of(info.Env()).executor();
      return executor.Post(executor.FileLane(), std::make_unique<AddJob>(handle->RequireOpen(), static_cast<std::size_t>(count)),
                           std::move(stop));
    });
  };
  const auto result = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&] {
      return PostToFileLane(
          info.Env(), [mean = handle->RequireOpen()] { return mean->Mean(); },
          [](Napi::Env env, TensorData values) { return ToJs(env, std::move(values)); });
    });
  };
  const auto close = [handle](const Napi::CallbackInfo& info) {
    return Guarded(info.Env(), [&]() -> Napi::Value {
      Executor& executor = Environment::Of(info.Env()).executor();
      return executor.Post(executor.FileLane(), std::make_unique<CloseJob<DatabaseMean>>(handle.get()));
    });
  };
  object.Set("add", Napi::Function::New(env, add, "add"));
  object.Set("mean", Napi::Function::New(env, result, "mean"));
  object.Set("close", Napi::Function::New(env, close, "close"));
  return object;
}

Napi::Value OpenImageMean(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [path = ToString(info[0], "The path")] { return std::make_shared<DatabaseMean>(path); }, NewImageMean);
  });
}

}  // namespace

void RegisterDatabaseMean(Napi::Env env, Napi::Object exports) {
  exports.Set("openImageMean", Napi::Function::New(env, OpenImageMean, "openImageMean"));
}

}  // namespace caffe_node
