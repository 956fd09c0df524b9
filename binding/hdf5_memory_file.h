// A file that the HDF5 library lays out in memory: a disk that is full is ours to meet.
#ifndef CAFFE_NODE_HDF5_MEMORY_FILE_H_
#define CAFFE_NODE_HDF5_MEMORY_FILE_H_

#include <hdf5.h>

#include <cstddef>
#include <mutex>
#include <string>

namespace caffe_node {

// For a step of the library's: throws FILE when it failed. Its own account of it is silenced.
void RequireHdf5(bool done);

// What the library opened, closed at the end of its scope.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t value, herr_t (*close)(hid_t)) : value_(value), close_(close) { RequireHdf5(value_ >= 0); }
  ~Hdf5Handle() { close_(value_); }
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  hid_t value() const { return value_; }

 private:
  const hid_t value_;
  herr_t (*const close_)(hid_t);
};

// Holds the library's lock as long as it lives.
class Hdf5MemoryFile {
 public:
  // `growth`: bytes that are added when more are needed.
  explicit Hdf5MemoryFile(std::size_t growth);
  hid_t value() const { return file_.value(); }
  std::string Bytes() const;

 private:
  const std::lock_guard<std::mutex> lock_;
  const Hdf5Handle file_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_HDF5_MEMORY_FILE_H_
