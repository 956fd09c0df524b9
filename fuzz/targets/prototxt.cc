// Text of networks and solvers: parsed, printed, and parsed again to the same message.
#include <caffe/proto/caffe.pb.h>

#include "message_format.h"
#include "target.h"

namespace fuzz = caffe_node::fuzz;

namespace {

template <typename Message>
void RoundTrip(const std::string& text) {
  Message message;
  caffe_node::ParseText(text, "", &message);
  Message again;
  const std::string printed = caffe_node::PrintText(message);
  caffe_node::ParseText(printed, "", &again);
  // By its text: NaNs are equal in no other way.
  if (caffe_node::PrintText(again) != printed) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(fuzz::View(data, size));
  fuzz::Refusing([&] { RoundTrip<caffe::NetParameter>(text); });
  fuzz::Refusing([&] { RoundTrip<caffe::SolverParameter>(text); });
  return 0;
}
