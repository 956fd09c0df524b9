// Files that are read, whole or piece by piece.
#ifndef CAFFE_NODE_READ_FILE_H_
#define CAFFE_NODE_READ_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace caffe_node {

// A regular file, open for reading.
class InputFile {
 public:
  // FILE when it is missing, unreadable, no regular file, or larger than protobuf's files can be.
  explicit InputFile(std::string path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // When it was opened.
  std::size_t size() const { return size_; }
  // How many bytes there were to read: less than `size` only at the end of the file. FILE where reading fails.
  std::size_t ReadAt(std::size_t offset, char* to, std::size_t size) const;

 private:
  const std::string path_;
  const int descriptor_;
  std::size_t size_ = 0;
};

// The whole of a file. Throws as InputFile.
std::string ReadFile(const std::string& path);

}  // namespace caffe_node

#endif  // CAFFE_NODE_READ_FILE_H_
