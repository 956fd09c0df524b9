// What the targets have in common: a run that may end in a Failure and in nothing else, and a place for inputs that must be
// files.
#ifndef CAFFE_NODE_FUZZ_TARGET_H_
#define CAFFE_NODE_FUZZ_TARGET_H_

#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "failure_exception.h"

namespace caffe_node::fuzz {

// Every other exception, and every signal, is a finding.
template <typename Body>
void Refusing(Body body) {
  try {
    body();
  } catch (const Failure&) {
  }
}

inline std::string_view View(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// A folder in memory, where there is one, gone at the end of the program.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::exists("/dev/shm") ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
                          "/caffe-node-fuzz-XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, std::string_view contents) const {
    const std::string file = path_ + "/" + name;
    std::ofstream(file, std::ios::binary).write(contents.data(), static_cast<std::streamsize>(contents.size()));
    return file;
  }

 private:
  std::string path_;
};

}  // namespace caffe_node::fuzz

#endif  // CAFFE_NODE_FUZZ_TARGET_H_
