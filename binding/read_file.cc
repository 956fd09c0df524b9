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

// Closes a file descriptor when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  const int value_;
};

}  // namespace

std::string ReadFile(const std::string& path) {
  // O_NONBLOCK: opening a FIFO nobody writes to would wait for ever.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.value() < 0) throw CannotRead(path, std::strerror(errno), errno == ENOENT ? "Check the path." : "");
  struct stat status = {};
  if (fstat(file.value(), &status) != 0) throw CannotRead(path, std::strerror(errno), "");
  if (!S_ISREG(status.st_mode)) throw CannotRead(path, "it is not a file", "Give the path of a regular file.");
  if (status.st_size > 0x7fffffff) throw CannotRead(path, "it is larger than 2 GB", "Protobuf files end there.");
  std::string contents(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < contents.size()) {
    const ssize_t count = read(file.value(), &contents[done], contents.size() - done);
    if (count < 0) throw CannotRead(path, std::strerror(errno), "");
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  contents.resize(done);
  return contents;
}

}  // namespace caffe_node
