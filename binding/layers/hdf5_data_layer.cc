#include "hdf5_data_layer.h"

#include <hdf5_hl.h>

#include <algorithm>
#include <boost/make_shared.hpp>
#include <caffe/util/rng.hpp>
#include <mutex>
#include <numeric>
#include <utility>

#include "../checks/files.h"
#include "../checks/shapes.h"
#include "../failure.h"
#include "../hdf5_file.h"
#include "../hdf5_format.h"
#include "../hdf5_reader.h"
#include "../read_file.h"

namespace caffe_node {

namespace {

Failure Unfit(const std::string& path, const std::string& what) {
  FailureDetails details;
  details.file = path;
  details.hint = "Each file needs one dataset for each top, of the same name, with the same number of rows.";
  return Failure("DATASET", "'" + path + "' " + what + ".", std::move(details));
}

// Closes the file at the end of its scope.
class File {
 public:
  explicit File(const std::string& path) : id_(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {
    if (id_ < 0) throw Unfit(path, "is no HDF5 file");
  }
  ~File() { H5Fclose(id_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  hid_t id() const { return id_; }

 private:
  const hid_t id_;
};

// Extents whose product Caffe can count; Caffe itself would cut them off at 32 bits.
std::vector<int> ShapeOf(hid_t file, const std::string& path, const std::string& name) {
  int rank = 0;
  const bool found = H5LTfind_dataset(file, name.c_str()) > 0 && H5LTget_dataset_ndims(file, name.c_str(), &rank) >= 0;
  if (!found) throw Unfit(path, "has no dataset '" + name + "'");
  std::vector<hsize_t> extents(static_cast<std::size_t>(std::max(0, rank)));
  if (rank > kMaxBlobAxes || H5LTget_dataset_info(file, name.c_str(), extents.data(), nullptr, nullptr) < 0) {
    throw Unfit(path, "has a dataset '" + name + "' of " + std::to_string(rank) + " axes");
  }
  std::vector<int> shape;
  std::int64_t count = 1;
  for (const hsize_t extent : extents) {
    count = extent > static_cast<hsize_t>(kMostInt) ? kMostInt + 1 : Times(count, static_cast<std::int64_t>(extent));
    shape.push_back(static_cast<int>(extent));
  }
  if (count > kMostInt) throw Unfit(path, "has 2^31 values or more in its dataset '" + name + "'");
  return shape;
}

}  // namespace

void Hdf5DataLayer::LayerSetUp(const std::vector<caffe::Blob<float>*>& bottom, const std::vector<caffe::Blob<float>*>& top) {
  CheckRegularFile(layer_param_.hdf5_data_param().source());
  caffe::HDF5DataLayer<float>::LayerSetUp(bottom, top);
  for (const caffe::Blob<float>* blob : top) top_shapes_.push_back(blob->shape());
}

void Hdf5DataLayer::Reshape(const std::vector<caffe::Blob<float>*>&, const std::vector<caffe::Blob<float>*>& top) {
  for (std::size_t i = 0; i < top_shapes_.size(); ++i) top[i]->Reshape(top_shapes_[i]);
}

// A file that cannot be read leaves the one before, from its first row.
void Hdf5DataLayer::LoadHDF5FileData(const char* filename) {
  const auto blobs = hdf_blobs_;
  try {
    Load(filename);
  } catch (...) {
    hdf_blobs_ = blobs;
    current_row_ = 0;
    throw;
  }
}

void Hdf5DataLayer::Load(const std::string& path) {
  try {
    LoadByReader(path);
  } catch (const hdf5::ForeignForm&) {
    LoadByLibrary(path);
  } catch (const Failure& failure) {
    if (failure.code() != "WEIGHTS") throw;
    FailureDetails details = failure.details();
    details.file = path;
    throw Failure("DATASET", "'" + path + "' cannot be read: " + failure.what(), std::move(details));
  }
}

void Hdf5DataLayer::LoadByReader(const std::string& path) {
  const std::string contents = ReadFile(path);
  const Hdf5Reader reader(contents);
  std::vector<std::vector<int>> shapes;
  std::vector<boost::shared_ptr<caffe::Blob<float>>> blobs;
  for (const std::string& name : layer_param_.top()) {
    const Hdf5Dataset dataset = reader.Dataset(reader.Require(reader.root(), name));
    shapes.push_back(dataset.shape);
    const std::vector<float> values = dataset.Floats();
    blobs.push_back(boost::make_shared<caffe::Blob<float>>(dataset.shape));
    if (!values.empty()) std::copy(values.begin(), values.end(), blobs.back()->mutable_cpu_data());
  }
  CheckShapes(path, shapes);
  hdf_blobs_ = std::move(blobs);
  data_permutation_.resize(static_cast<std::size_t>(shapes[0][0]));
  std::iota(data_permutation_.begin(), data_permutation_.end(), 0u);
  if (layer_param_.hdf5_data_param().shuffle()) caffe::shuffle(data_permutation_.begin(), data_permutation_.end());
}

void Hdf5DataLayer::LoadByLibrary(const std::string& path) {
  const std::lock_guard<std::mutex> lock(Hdf5Lock());
  SilenceHdf5();
  {
    const File file(path);
    std::vector<std::vector<int>> shapes;
    for (const std::string& name : layer_param_.top()) shapes.push_back(ShapeOf(file.id(), path, name));
    CheckShapes(path, shapes);
  }
  caffe::HDF5DataLayer<float>::LoadHDF5FileData(path.c_str());
}

// The first file gives the tops their shapes; those after it must have rows of the same.
void Hdf5DataLayer::CheckShapes(const std::string& path, const std::vector<std::vector<int>>& shapes) const {
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const std::string& name = layer_param_.top(static_cast<int>(i));
    const std::vector<int>& shape = shapes[i];
    if (shape.empty() || std::find(shape.begin(), shape.end(), 0) != shape.end()) {
      throw Unfit(path, "has no rows in its dataset '" + name + "'");
    }
    if (shape[0] != shapes[0][0]) throw Unfit(path, "has another number of rows in its dataset '" + name + "' than in its first");
    if (top_shapes_.empty()) continue;
    if (!std::equal(shape.begin() + 1, shape.end(), top_shapes_[i].begin() + 1, top_shapes_[i].end())) {
      throw Unfit(path, "has rows of another shape in its dataset '" + name + "' than the file before");
    }
  }
}

}  // namespace caffe_node
