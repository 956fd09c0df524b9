#include "lmdb_registry.h"

#include <sys/stat.h>

#include "failure_exception.h"

namespace caffe_node {

LmdbRegistry& LmdbRegistry::OfProcess() {
  // Shared with every handle, so that those that outlive the end of main still find it.
  static const std::shared_ptr<LmdbRegistry> registry = std::make_shared<LmdbRegistry>();
  return *registry;
}

std::shared_ptr<LmdbEnvironment> LmdbRegistry::Share(const std::string& folder, const Maker& make) {
  FileId id;
  LmdbEnvironment* const environment = Enter(folder, make, &id);
  return std::shared_ptr<LmdbEnvironment>(environment,
                                          [registry = shared_from_this(), id](LmdbEnvironment*) { registry->Leave(id); });
}

LmdbEnvironment* LmdbRegistry::Enter(const std::string& folder, const Maker& make, FileId* id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool is_open = Identify(folder, id) && entries_.count(*id) > 0;
  if (!is_open) {
    std::unique_ptr<LmdbEnvironment> made = make();
    if (!Identify(folder, id)) throw Failure("DATASET", "'" + folder + "' vanished while it was opened.");
    entries_.try_emplace(*id, Entry{std::move(made)});
  }
  Entry& entry = entries_.at(*id);
  ++entry.users;
  return entry.environment.get();
}

bool LmdbRegistry::Identify(const std::string& folder, FileId* id) {
  struct stat facts {};
  if (stat((folder + "/data.mdb").c_str(), &facts) != 0) return false;
  *id = {facts.st_dev, facts.st_ino};
  return true;
}

void LmdbRegistry::Leave(const FileId& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = entries_.find(id);
  if (--found->second.users == 0) entries_.erase(found);
}

}  // namespace caffe_node
