// HDF5 files, read without the HDF5 library, which trusts what it reads: damaged files make it write outside of its memory. This
// reader knows the part of the format that Caffe and h5py write by default (groups as symbol tables; datasets in one piece, or
// inside their header), checks every address against the file, and refuses the rest with a word on how to convert it.
#ifndef CAFFE_NODE_HDF5_READER_H_
#define CAFFE_NODE_HDF5_READER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caffe_node {

// The values of one dataset, where they lie in the file.
struct Hdf5Dataset {
  enum class Kind { kInteger, kFloat, kString };
  Kind kind = Kind::kFloat;
  bool big_endian = false;
  bool is_signed = false;        // of integers
  std::size_t element_size = 0;  // bytes
  std::vector<int> shape;        // empty for a single value; the product of its extents fits an int
  std::size_t count = 0;         // that product
  std::string_view values;       // count × element_size bytes

  // Throws WEIGHTS when the values are of another kind. Integers serve as floats, as with the HDF5 library.
  std::vector<float> Floats() const;
  int Integer() const;       // of one value
  std::string Text() const;  // of one value, up to its first NUL
};

// Where an object (a group or a dataset) begins in the file.
using Hdf5Address = std::uint64_t;

struct Hdf5Member {
  std::string name;
  Hdf5Address address;
};

// All methods throw WEIGHTS, with a hint but without the name of the file, when what they read is damaged or of another form.
class Hdf5Reader {
 public:
  // The bytes must live as long as the reader and its datasets.
  explicit Hdf5Reader(std::string_view file);

  Hdf5Address root() const { return root_; }
  // In the order of their names, as bytes.
  std::vector<Hdf5Member> Members(Hdf5Address group) const;
  std::optional<Hdf5Address> Find(Hdf5Address group, const std::string& name) const;
  Hdf5Address Require(Hdf5Address group, const std::string& name) const;
  Hdf5Dataset Dataset(Hdf5Address address) const;

 private:
  const std::string_view file_;
  Hdf5Address root_ = 0;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_HDF5_READER_H_
