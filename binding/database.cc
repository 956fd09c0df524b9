#include "database.h"

#include <google/protobuf/stubs/logging.h>

#include <string_view>
#include <utility>

#include "failure_exception.h"

namespace caffe_node {

namespace {

Failure Wrong(const std::string& path, const std::string& what) {
  FailureDetails details;
  details.file = path;
  return Failure("DATASET", "'" + path + "': " + what, std::move(details));
}

// The value of a key that was there when the database was opened.
std::string_view Require(const LmdbSnapshot& snapshot, const std::string& path, const std::string& key) {
  std::string_view value;
  if (!snapshot.Get(key, &value))
    throw Wrong(path, "The entry '" + key + "' is gone: the dataset was changed, or it is damaged.");
  return value;
}

}  // namespace

std::shared_ptr<Database> Database::Open(const std::string& path) {
  return std::make_shared<Database>(path, LmdbEnvironment::Open(path));
}

Database::Database(std::string path, std::shared_ptr<LmdbEnvironment> environment)
    : path_(std::move(path)), environment_(std::move(environment)), keys_(LmdbSnapshot(environment_.get()).Keys()) {}

std::string Database::Value(std::size_t index) const {
  const LmdbSnapshot snapshot(environment_.get());
  return std::string(Require(snapshot, path_, key(index)));
}

void Database::Read(std::size_t index, caffe::Datum* datum) const {
  const google::protobuf::LogSilencer silence;
  const LmdbSnapshot snapshot(environment_.get());
  const std::string_view value = Require(snapshot, path_, key(index));
  if (!datum->ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    throw Wrong(
        path_, "The entry '" + key(index) + "' is not an image: its " + std::to_string(value.size()) + " bytes are not a Datum.");
  }
}

}  // namespace caffe_node
