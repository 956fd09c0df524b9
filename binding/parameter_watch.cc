#include "parameter_watch.h"

#include <algorithm>

namespace caffe_node {

void ParameterWatch::Look(const std::shared_ptr<ParameterLock>& lock) {
  const std::set<const caffe::SyncedMemory*> viewed = lock->changes().Viewed();
  const std::uint64_t version = lock->changes().version();
  const bool all = lock != lock_ || version != version_;
  for (std::size_t layer = 0; layer < seen_.size(); ++layer) {
    const auto& blobs = net_.layers()[layer]->blobs();
    const bool look = all || std::any_of(blobs.begin(), blobs.end(),
                                         [&](const auto& blob) { return viewed.count(MemoryOf(*blob, Part::kData).get()) > 0; });
    if (!look) continue;
    seen_[layer] = {};
    for (const auto& blob : blobs) seen_[layer] = Together(seen_[layer], FingerprintOf(*blob));
  }
  lock_ = lock;
  version_ = version;
}

std::vector<int> ParameterWatch::Differing(const Seen& then) const {
  std::vector<int> layers;
  for (std::size_t layer = 0; layer < seen_.size(); ++layer) {
    if (seen_[layer] != then[layer]) layers.push_back(static_cast<int>(layer));
  }
  return layers;
}

int ParameterWatch::FirstNotFinite() const {
  const auto found = std::find_if(seen_.begin(), seen_.end(), [](const Fingerprint& one) { return !one.finite; });
  return found == seen_.end() ? -1 : static_cast<int>(found - seen_.begin());
}

}  // namespace caffe_node
