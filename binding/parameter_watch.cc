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
    for (const auto& blob : blobs) {
      seen_[layer].values = Together(seen_[layer].values, FingerprintOf(*blob));
      seen_[layer].memory.push_back(MemoryOf(*blob, Part::kData).get());
    }
  }
  lock_ = lock;
  version_ = version;
}

void ParameterWatch::NoteMoved(int layer) {
  const auto index = static_cast<std::size_t>(layer);
  seen_[index].memory.clear();
  for (const auto& blob : net_.layers()[index]->blobs()) seen_[index].memory.push_back(MemoryOf(*blob, Part::kData).get());
}

std::vector<int> ParameterWatch::Differing(const Seen& then) const {
  std::vector<int> layers;
  for (std::size_t layer = 0; layer < seen_.size(); ++layer) {
    const bool same = seen_[layer].values == then[layer].values && seen_[layer].memory == then[layer].memory;
    if (!same) layers.push_back(static_cast<int>(layer));
  }
  return layers;
}

bool ParameterWatch::SameValues(const Seen& then) const {
  return std::equal(seen_.begin(), seen_.end(), then.begin(),
                    [](const Layer& now, const Layer& before) { return now.values == before.values; });
}

int ParameterWatch::FirstNotFinite() const {
  const auto found = std::find_if(seen_.begin(), seen_.end(), [](const Layer& one) { return !one.values.finite; });
  return found == seen_.end() ? -1 : static_cast<int>(found - seen_.begin());
}

}  // namespace caffe_node
