// LMDB with owners: an environment that the whole process shares per file, and its transactions.
#ifndef CAFFE_NODE_LMDB_ENVIRONMENT_H_
#define CAFFE_NODE_LMDB_ENVIRONMENT_H_

#include <lmdb.h>

#include <cstddef>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace caffe_node {

constexpr std::size_t kMaxKeySize = 511;  // LMDB's limit, fixed when it is compiled

// LMDB allows each file to be open once per process, since closing it anywhere drops the locks of all. So environments are shared
// by everybody in the process who opens the same file; whoever lets go last closes it. Safe to use from many threads.
class LmdbEnvironment {
 public:
  struct Entry {
    std::string key;
    std::string value;
  };

  // For reading. Throws DATASET when `path` is not a folder with an intact LMDB.
  static std::shared_ptr<LmdbEnvironment> Open(const std::string& path);
  // For writing. Throws DATASET when `path` exists, FILE when it cannot be made.
  static std::shared_ptr<LmdbEnvironment> Create(const std::string& path);

  // Adds all entries or, when it throws, none. DATASET for a key that is there already, FILE when the disk is full.
  void Put(const std::vector<Entry>& entries);
  // Waits until everything is on the disk.
  void Flush();
  const std::string& path() const { return path_; }

  enum class Mode { kRead, kWrite };
  LmdbEnvironment(std::string path, Mode mode);
  LmdbEnvironment(const LmdbEnvironment&) = delete;
  LmdbEnvironment& operator=(const LmdbEnvironment&) = delete;

 private:
  friend class LmdbSnapshot;
  struct Close {
    void operator()(MDB_env* environment) const { mdb_env_close(environment); }
  };
  struct Abort {
    void operator()(MDB_txn* transaction) const { mdb_txn_abort(transaction); }
  };
  using Transaction = std::unique_ptr<MDB_txn, Abort>;

  int OpenFiles(unsigned flags);
  Transaction Begin(unsigned flags);
  int Commit(Transaction transaction) const;
  int TryPut(const std::vector<Entry>& entries, const Entry** failed);
  void Grow();

  const std::string path_;
  std::unique_ptr<MDB_env, Close> environment_;
  MDB_dbi table_ = 0;
  // Growing moves the map, which no transaction of this process may see: transactions hold it shared, Grow exclusively.
  std::shared_mutex map_mutex_;
};

// The database at one moment. Short-lived: an old one keeps a writer from reusing space and from growing.
class LmdbSnapshot {
 public:
  explicit LmdbSnapshot(LmdbEnvironment* environment);

  // The value lies in the mapped file and is valid as long as the snapshot. False when there is no such key.
  bool Get(const std::string& key, std::string_view* value) const;
  // In LMDB's order.
  std::vector<std::string> Keys() const;

 private:
  const LmdbEnvironment& environment_;
  const std::shared_lock<std::shared_mutex> lock_;
  const LmdbEnvironment::Transaction transaction_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LMDB_ENVIRONMENT_H_
