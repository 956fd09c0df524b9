#include "trial.h"

#include <cstring>
#include <utility>

#include "../memory_check.h"
#include "milliseconds.h"

namespace caffe_node::onednn {

Trial::Trial(const dnnl::primitive_desc_base& descriptor, dnnl::primitive primitive,
             const std::vector<std::pair<int, Description>>& arguments)
    : stream_(descriptor.get_engine()), primitive_(std::move(primitive)) {
  MemoryBudget budget(kTrial);
  std::vector<std::pair<int, Description>> all = arguments;
  all.emplace_back(DNNL_ARG_SCRATCHPAD, descriptor.scratchpad_desc());
  for (const auto& [name, description] : all) {
    budget.Spend(BytesOf(description));
    const dnnl::memory memory(description, descriptor.get_engine());
    // What happens to lie there might be numbers of the slow kind.
    if (BytesOf(description) > 0) std::memset(memory.get_data_handle(), 0, description.get_size());
    arguments_[name] = memory;
  }
}

double Trial::Run() {
  return Milliseconds([this] {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  });
}

}  // namespace caffe_node::onednn
