#include "lmdb_environment.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <mutex>
#include <system_error>
#include <utility>

#include "failure_exception.h"
#include "lmdb_check.h"
#include "lmdb_registry.h"

namespace caffe_node {

namespace {

// The map is address space, not memory or disk; it doubles when it is full.
constexpr std::size_t kFirstMapSize = std::size_t{64} << 20;

Failure Wrong(const std::string& code, const std::string& path, const std::string& what, const std::string& hint = "") {
  FailureDetails details;
  details.file = path;
  details.hint = hint;
  return Failure(code, "'" + path + "' " + what, std::move(details));
}

Failure CannotRead(const std::string& path, int status) {
  return Wrong("DATASET", path, std::string("cannot be read: ") + mdb_strerror(status) + ".");
}

Failure CannotWrite(const std::string& path, int status) {
  const bool no_space = status == ENOSPC || status == EDQUOT || status == EFBIG || status == EIO;  // LMDB calls a short write EIO
  return Wrong("FILE", path, std::string("cannot be written: ") + mdb_strerror(status) + ".",
               no_space ? "The disk is probably full: free some space or choose another disk." : "");
}

bool Exists(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0;
}

MDB_val ToVal(const std::string& bytes) { return {bytes.size(), const_cast<char*>(bytes.data())}; }

// Refuses what is no LMDB folder, with the reason a user can act on.
void CheckFolder(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0) {
    if (errno == ENOENT) throw Wrong("DATASET", path, "does not exist.");
    throw CannotRead(path, errno);
  }
  if (!S_ISDIR(facts.st_mode))
    throw Wrong("DATASET", path, "is a file; an LMDB is a folder with a data.mdb.", "Name the folder.");
  if (Exists(path + "/data.mdb")) return CheckLmdb(path + "/data.mdb");
  if (Exists(path + "/CURRENT")) {
    throw Wrong("DATASET", path, "is a LevelDB; only LMDB can be read.", "Make an LMDB from the same images with createDataset.");
  }
  const bool is_dataset = Exists(path + "/train_db/data.mdb");
  throw Wrong("DATASET", path, "holds no data.mdb: it is not an LMDB.",
              is_dataset ? "Its databases are train_db and val_db inside." : "");
}

void MakeFolder(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0) return;
  if (errno == EEXIST) throw Wrong("DATASET", path, "exists already.", "Choose another path, or remove it.");
  if (errno == ENOENT) throw Wrong("FILE", path, "cannot be made: the folder around it does not exist.");
  throw CannotWrite(path, errno);
}

}  // namespace

std::shared_ptr<LmdbEnvironment> LmdbEnvironment::Open(const std::string& path) {
  return LmdbRegistry::OfProcess().Share(path, [&] {
    CheckFolder(path);
    return std::make_unique<LmdbEnvironment>(path, Mode::kRead);
  });
}

std::shared_ptr<LmdbEnvironment> LmdbEnvironment::Create(const std::string& path) {
  MakeFolder(path);
  try {
    return LmdbRegistry::OfProcess().Share(path, [&] { return std::make_unique<LmdbEnvironment>(path, Mode::kWrite); });
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);  // nothing is left of a database that could not be made
    throw;
  }
}

LmdbEnvironment::LmdbEnvironment(std::string path, Mode mode) : path_(std::move(path)) {
  // NOTLS: a thread may hold several snapshots, and none is tied to its thread. NOSYNC: Flush syncs once, in the end.
  const unsigned flags = mode == Mode::kRead ? MDB_RDONLY | MDB_NOTLS : MDB_NOTLS | MDB_NOSYNC;
  int status = OpenFiles(flags);
  if (status == EACCES && mode == Mode::kRead)
    status = OpenFiles(flags | MDB_NOLOCK);  // the lock file cannot be written: do without
  if (status == MDB_SUCCESS) {
    // The one table has no name. Opened here and once: opening is not safe while other threads do.
    Transaction transaction = Begin(mode == Mode::kRead ? MDB_RDONLY : 0);
    status = mdb_dbi_open(transaction.get(), nullptr, 0, &table_);
    if (status == MDB_SUCCESS) status = Commit(std::move(transaction));
  }
  if (status != MDB_SUCCESS) throw mode == Mode::kRead ? CannotRead(path_, status) : CannotWrite(path_, status);
}

int LmdbEnvironment::OpenFiles(unsigned flags) {
  environment_.reset();
  MDB_env* environment = nullptr;
  if (const int status = mdb_env_create(&environment)) return status;
  environment_.reset(environment);
  const bool reads = (flags & MDB_RDONLY) != 0;
  if (!reads) mdb_env_set_mapsize(environment, kFirstMapSize);  // a reader takes the size that the file names
  const int status = mdb_env_open(environment, path_.c_str(), flags, 0666);
  if (status == MDB_SUCCESS && reads) mdb_reader_check(environment, nullptr);  // frees what processes that died left behind
  return status;
}

LmdbEnvironment::Transaction LmdbEnvironment::Begin(unsigned flags) {
  MDB_txn* transaction = nullptr;
  const int status = mdb_txn_begin(environment_.get(), nullptr, flags, &transaction);
  if (status == MDB_MAP_RESIZED) {
    throw Wrong("DATASET", path_, "has grown: another process is writing to it.", "Open it again when it is complete.");
  }
  if (status != MDB_SUCCESS) throw(flags & MDB_RDONLY) != 0 ? CannotRead(path_, status) : CannotWrite(path_, status);
  return Transaction(transaction);
}

int LmdbEnvironment::Commit(Transaction transaction) const { return mdb_txn_commit(transaction.release()); }

void LmdbEnvironment::Put(const std::vector<Entry>& entries) {
  for (const Entry& entry : entries) {
    if (entry.key.empty() || entry.key.size() > kMaxKeySize) {
      throw Failure("INPUT", "A key must have 1 to " + std::to_string(kMaxKeySize) + " bytes; '" + entry.key.substr(0, 60) +
                                 "' has " + std::to_string(entry.key.size()) + ".");
    }
  }
  const Entry* failed = nullptr;
  int status = TryPut(entries, &failed);
  while (status == MDB_MAP_FULL) {
    Grow();
    status = TryPut(entries, &failed);
  }
  if (status == MDB_KEYEXIST) throw Wrong("DATASET", path_, "has an entry '" + failed->key + "' already.");
  if (status != MDB_SUCCESS) throw CannotWrite(path_, status);
}

int LmdbEnvironment::TryPut(const std::vector<Entry>& entries, const Entry** failed) {
  const std::shared_lock<std::shared_mutex> lock(map_mutex_);
  Transaction transaction = Begin(0);
  for (const Entry& entry : entries) {
    MDB_val key = ToVal(entry.key);
    MDB_val value = ToVal(entry.value);
    *failed = &entry;
    if (const int status = mdb_put(transaction.get(), table_, &key, &value, MDB_NOOVERWRITE)) return status;
  }
  return Commit(std::move(transaction));
}

void LmdbEnvironment::Grow() {
  const std::unique_lock<std::shared_mutex> lock(map_mutex_);
  MDB_envinfo info{};
  mdb_env_info(environment_.get(), &info);
  if (info.me_mapsize > std::numeric_limits<std::size_t>::max() / 2) throw CannotWrite(path_, ENOMEM);
  if (const int status = mdb_env_set_mapsize(environment_.get(), info.me_mapsize * 2)) throw CannotWrite(path_, status);
}

void LmdbEnvironment::Flush() {
  if (const int status = mdb_env_sync(environment_.get(), 1)) throw CannotWrite(path_, status);
}

LmdbSnapshot::LmdbSnapshot(LmdbEnvironment* environment)
    : environment_(*environment), lock_(environment->map_mutex_), transaction_(environment->Begin(MDB_RDONLY)) {}

bool LmdbSnapshot::Get(const std::string& key, std::string_view* value) const {
  MDB_val name = ToVal(key);
  MDB_val found{};
  const int status = mdb_get(transaction_.get(), environment_.table_, &name, &found);
  if (status == MDB_NOTFOUND) return false;
  if (status != MDB_SUCCESS) throw CannotRead(environment_.path_, status);
  *value = std::string_view(static_cast<const char*>(found.mv_data), found.mv_size);
  return true;
}

std::vector<std::string> LmdbSnapshot::Keys() const {
  MDB_cursor* opened = nullptr;
  if (const int status = mdb_cursor_open(transaction_.get(), environment_.table_, &opened))
    throw CannotRead(environment_.path_, status);
  struct Close {
    void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
  };
  const std::unique_ptr<MDB_cursor, Close> cursor(opened);
  std::vector<std::string> keys;
  MDB_val key{};
  MDB_val value{};
  int status = mdb_cursor_get(cursor.get(), &key, &value, MDB_FIRST);
  for (; status == MDB_SUCCESS; status = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) {
    keys.emplace_back(static_cast<const char*>(key.mv_data), key.mv_size);
  }
  if (status != MDB_NOTFOUND) throw CannotRead(environment_.path_, status);
  return keys;
}

}  // namespace caffe_node
