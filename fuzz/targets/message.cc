// Messages of caffe.proto in binary form: weights, states, images, networks; printed where they can be read.
#include <caffe/proto/caffe.pb.h>

#include "message_format.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

namespace {

template <typename Message>
void Read(const std::uint8_t* data, std::size_t size) {
  fuzz::Refusing([=] {
    Message message;
    caffe_node::ParseBinary(data, size, "", &message);
    caffe_node::PrintText(message);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Read<caffe::NetParameter>(data, size);
  Read<caffe::SolverState>(data, size);
  Read<caffe::BlobProto>(data, size);
  Read<caffe::Datum>(data, size);
  return 0;
}
