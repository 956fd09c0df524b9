// The parameters of a net as an engine last saw them. Looking again costs nothing while nothing was noted.
#ifndef CAFFE_NODE_PARAMETER_WATCH_H_
#define CAFFE_NODE_PARAMETER_WATCH_H_

#include <caffe/net.hpp>
#include <cstdint>
#include <memory>
#include <set>
#include <vector>

#include "fingerprint.h"
#include "parameter_lock.h"

namespace caffe_node {

class ParameterWatch {
 public:
  struct Layer {
    Fingerprint values;
    std::vector<const caffe::SyncedMemory*> memory;  // that they lie in
  };
  using Seen = std::vector<Layer>;

  explicit ParameterWatch(const caffe::Net<float>& net) : net_(net), seen_(net.layers().size()) {}

  // Takes in what has changed under this lock, whose holder calls.
  void Look(const std::shared_ptr<ParameterLock>& lock);
  const Seen& seen() const { return seen_; }
  // The same values lie in other memory.
  void NoteMoved(int layer);
  // The layers whose parameters were others then, or lay in other memory.
  std::vector<int> Differing(const Seen& then) const;
  bool SameValues(const Seen& then) const;
  // The first layer with a parameter that holds NaN or infinity; -1 for none.
  int FirstNotFinite() const;

 private:
  const caffe::Net<float>& net_;
  Seen seen_;
  std::shared_ptr<ParameterLock> lock_;  // which tells a new set of parameters from the former
  std::uint64_t version_ = 0;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_PARAMETER_WATCH_H_
