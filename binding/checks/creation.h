// Stands between Caffe and its layer registry: every layer of every net, those inside recurrent layers included, is checked and
// guarded when it is made, and known by name if its set-up fails.
#ifndef CAFFE_NODE_CHECKS_CREATION_H_
#define CAFFE_NODE_CHECKS_CREATION_H_

#include <caffe/proto/caffe.pb.h>

#include <exception>
#include <string>

#include "../failure.h"

namespace caffe_node {

// To be called once, when all layer types are registered.
void WatchCreation();

// Knows, during its life, which layer this thread's newest net has got to.
class CreationTrace {
 public:
  CreationTrace();
  ~CreationTrace();
  CreationTrace(const CreationTrace&) = delete;
  CreationTrace& operator=(const CreationTrace&) = delete;

  // What was thrown, with the name of the layer that was being made or set up.
  Failure Explain(const std::exception_ptr& exception) const;

  void Enter(const std::string& layer) { layer_ = layer; }

 private:
  CreationTrace* const outer_;
  std::string layer_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_CHECKS_CREATION_H_
