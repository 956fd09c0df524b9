// A data.mdb: what the check lets pass, LMDB must be able to read to the end.
#include "database.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  folder.Write("data.mdb", fuzz::View(data, size));
  fuzz::Refusing([] {
    const std::shared_ptr<caffe_node::Database> database = caffe_node::Database::Open(folder.path());
    caffe::Datum datum;
    for (std::size_t i = 0; i < database->size(); ++i) fuzz::Refusing([&] { database->Read(i, &datum); });
  });
  return 0;
}
