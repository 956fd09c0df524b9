// A dataset in an LMDB, opened for reading: the images of a Data layer, in the order of their keys.
#ifndef CAFFE_NODE_DATABASE_H_
#define CAFFE_NODE_DATABASE_H_

#include <caffe/proto/caffe.pb.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "lmdb_environment.h"

namespace caffe_node {

// Any number of threads may read at once, and any number of Databases may be open on one path.
class Database {
 public:
  // Checks the whole file's structure first: LMDB itself would crash on a damaged one. Throws DATASET, which names the path.
  static std::shared_ptr<Database> Open(const std::string& path);

  const std::string& path() const { return path_; }
  std::size_t size() const { return keys_.size(); }
  // In LMDB's order, which compares bytes.
  const std::string& key(std::size_t index) const { return keys_.at(index); }
  // The stored bytes.
  std::string Value(std::size_t index) const;
  // Throws DATASET, naming the key, when the bytes are no Datum.
  void Read(std::size_t index, caffe::Datum* datum) const;

  Database(std::string path, std::shared_ptr<LmdbEnvironment> environment);

 private:
  const std::string path_;
  const std::shared_ptr<LmdbEnvironment> environment_;
  std::vector<std::string> keys_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_DATABASE_H_
