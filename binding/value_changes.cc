#include "value_changes.h"

#include <algorithm>

namespace caffe_node {

void ValueChanges::Watch(const BlobMemory& held_by_views) {
  const std::lock_guard<std::mutex> guard(mutex_);
  views_.emplace_back(held_by_views);
}

std::set<const caffe::SyncedMemory*> ValueChanges::Viewed() {
  const std::lock_guard<std::mutex> guard(mutex_);
  std::set<const caffe::SyncedMemory*> viewed;
  for (const auto& view : views_) {
    if (const BlobMemory memory = view.lock()) viewed.insert(memory.get());
  }
  const auto gone = std::remove_if(views_.begin(), views_.end(), [](const auto& view) { return view.expired(); });
  if (gone == views_.end()) return viewed;
  // Its last write may have come after the last look.
  views_.erase(gone, views_.end());
  Note();
  return viewed;
}

}  // namespace caffe_node
