#include "hdf5_file.h"

#include <hdf5.h>

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "failure_exception.h"
#include "hdf5_format.h"
#include "hdf5_reader.h"

namespace caffe_node {

namespace {

// Reads groups whose members are blobs named 0, 1, 2 … In a sound file no two blobs share their values: more values than the file
// has bytes would be the same ones over and over, until the memory is full.
class BlobReader {
 public:
  BlobReader(const Hdf5Reader& file, std::size_t file_size) : file_(file), budget_(file_size) {}

  template <typename Add>
  void ReadAll(Hdf5Address group, Add add) {
    std::map<std::string, Hdf5Address> members;
    for (Hdf5Member& member : file_.Members(group)) members.emplace(std::move(member.name), member.address);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const auto known = members.find(std::to_string(i));
      if (known == members.end()) hdf5::ThrowForeign("it has blobs with names where their numbers belong");
      Read(known->second, add());
    }
  }

 private:
  void Read(Hdf5Address address, caffe::BlobProto* proto) {
    const Hdf5Dataset dataset = file_.Dataset(address);
    if (dataset.values.size() > budget_) hdf5::ThrowDamaged("its blobs overlap");
    budget_ -= dataset.values.size();
    const std::vector<float> values = dataset.Floats();
    caffe::BlobShape* const shape = proto->mutable_shape();  // a single value has one as well, without extents
    for (const int extent : dataset.shape) shape->add_dim(extent);
    proto->mutable_data()->Add(values.begin(), values.end());
  }

  const Hdf5Reader& file_;
  std::size_t budget_;
};

// Runs `read` on the file; what is wrong with it is told with its name.
void WithFile(std::string_view contents, const std::string& path, const std::function<void(const Hdf5Reader&)>& read) {
  try {
    read(Hdf5Reader(contents));
  } catch (const Failure& failure) {
    FailureDetails details = failure.details();
    details.file = path;
    const std::string name = path.empty() ? "The file in memory" : "'" + path + "'";
    throw Failure(failure.code(), name + " cannot be read as one of Caffe's HDF5 files: " + failure.what(), std::move(details));
  }
}

}  // namespace

std::mutex& Hdf5Lock() {
  static std::mutex lock;
  return lock;
}

void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

bool IsHdf5(std::string_view contents) { return contents.substr(0, hdf5::kSignature.size()) == hdf5::kSignature; }

caffe::NetParameter ReadHdf5Weights(std::string_view contents, const std::string& path) {
  caffe::NetParameter weights;
  WithFile(contents, path, [&weights, &contents](const Hdf5Reader& file) {
    BlobReader blobs(file, contents.size());
    for (const Hdf5Member& member : file.Members(file.Require(file.root(), "data"))) {
      caffe::LayerParameter* const layer = weights.add_layer();
      layer->set_name(member.name);
      blobs.ReadAll(member.address, [layer] { return layer->add_blobs(); });
    }
  });
  return weights;
}

caffe::SolverState ReadHdf5State(std::string_view contents, const std::string& path, std::string* record) {
  caffe::SolverState state;
  WithFile(contents, path, [&state, &contents, record](const Hdf5Reader& file) {
    const Hdf5Address root = file.root();
    state.set_iter(file.Dataset(file.Require(root, "iter")).Integer());
    const std::optional<Hdf5Address> learned_net = file.Find(root, "learned_net");
    if (learned_net) state.set_learned_net(file.Dataset(*learned_net).Text());
    state.set_current_step(file.Dataset(file.Require(root, "current_step")).Integer());
    BlobReader(file, contents.size()).ReadAll(file.Require(root, "history"), [&state] { return state.add_history(); });
    const std::optional<Hdf5Address> own = file.Find(root, kHdf5Record);
    if (own) *record = std::string(file.Dataset(*own).values);
  });
  return state;
}

}  // namespace caffe_node
