// The LMDB environments that are open in this process: the one piece of process state that LMDB forces on us.
#ifndef CAFFE_NODE_LMDB_REGISTRY_H_
#define CAFFE_NODE_LMDB_REGISTRY_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "lmdb_environment.h"

namespace caffe_node {

class LmdbRegistry : public std::enable_shared_from_this<LmdbRegistry> {
 public:
  using Maker = std::function<std::unique_ptr<LmdbEnvironment>()>;

  static LmdbRegistry& OfProcess();

  // The environment of the database in the folder, made by `make` when nobody has it open.
  std::shared_ptr<LmdbEnvironment> Share(const std::string& folder, const Maker& make);

 private:
  using FileId = std::pair<dev_t, ino_t>;  // two paths can lead to one file
  struct Entry {
    std::unique_ptr<LmdbEnvironment> environment;
    int users = 0;
  };

  LmdbEnvironment* Enter(const std::string& folder, const Maker& make, FileId* id);
  void Leave(const FileId& id);
  static bool Identify(const std::string& folder, FileId* id);

  std::mutex mutex_;  // also held while environments open and close: the next one must not open before the last one has closed
  std::map<FileId, Entry> entries_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LMDB_REGISTRY_H_
