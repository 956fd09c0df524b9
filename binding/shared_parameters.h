// Parameters that nets of several environments use together: one copy in memory, under one lock.
//
// A handle is plain data, may be copied at will, and keeps nothing alive. Who holds the parameters are the nets that use them,
// and the environment in which a net was shared, until that net is disposed. The registry, one for the process, only finds them.
#ifndef CAFFE_NODE_SHARED_PARAMETERS_H_
#define CAFFE_NODE_SHARED_PARAMETERS_H_

#include <caffe/proto/caffe.pb.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "blob_memory.h"
#include "parameter_lock.h"

namespace caffe_node {

struct SharedParameters {
  struct Parameter {
    std::vector<int> shape;
    BlobMemory memory;
  };
  struct Layer {
    std::string name;
    std::vector<Parameter> parameters;
  };

  std::uint64_t id = 0;
  caffe::NetParameter model;  // what the same net is built from
  std::vector<Layer> layers;
  std::shared_ptr<ParameterLock> lock;
};

// What a NetHandle holds.
struct ShareTicket {
  std::string process;  // a ticket of another process, or of none
  std::uint64_t id = 0;
};

// Numbers them and makes them known to the whole process, from any thread.
void Publish(const std::shared_ptr<SharedParameters>& parameters);
ShareTicket TicketOf(const SharedParameters& parameters);
// INPUT for a ticket that was never given out here, DISPOSED when nobody holds the parameters any more.
std::shared_ptr<SharedParameters> FindShared(const ShareTicket& ticket);

}  // namespace caffe_node

#endif  // CAFFE_NODE_SHARED_PARAMETERS_H_
