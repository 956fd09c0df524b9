#include "read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "failure_exception.h"

namespace caffe_node {

namespace {

Failure CannotRead(const std::string& path, const std::string& why, const std::string& hint) {
  FailureDetails details;
  details.file = path;
  details.hint = hint;
  return Failure("FILE", "'" + path + "' cannot be read: " + why + ".", std::move(details));
}

// O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
int Open(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) throw CannotRead(path, std::strerror(errno), errno == ENOENT ? "Check the path." : "");
  return descriptor;
}

std::size_t SizeOf(int descriptor, const std::string& path) {
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) throw CannotRead(path, std::strerror(errno), "");
  if (!S_ISREG(status.st_mode)) throw CannotRead(path, "it is not a file", "Give the path of a regular file.");
  if (status.st_size > 0x7fffffff) throw CannotRead(path, "it is larger than 2 GB", "Protobuf files end there.");
  return static_cast<std::size_t>(status.st_size);
}

}  // namespace

InputFile::InputFile(std::string path) : path_(std::move(path)), descriptor_(Open(path_)) {
  try {
    size_ = SizeOf(descriptor_, path_);
  } catch (...) {
    close(descriptor_);
    throw;
  }
}

InputFile::~InputFile() { close(descriptor_); }

std::size_t InputFile::ReadAt(std::size_t offset, char* to, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = pread(descriptor_, to + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw CannotRead(path_, std::strerror(errno), "");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::string ReadFile(const std::string& path) {
  const InputFile file(path);
  std::string contents(file.size(), '\0');
  contents.resize(file.ReadAt(0, contents.data(), contents.size()));
  return contents;
}

}  // namespace caffe_node
