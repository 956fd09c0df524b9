// What the blobs and parameters of a net hold, and what running it will take.
#ifndef CAFFE_NODE_NET_MEMORY_H_
#define CAFFE_NODE_NET_MEMORY_H_

#include <caffe/net.hpp>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "blob_memory.h"
#include "memory_check.h"

namespace caffe_node {

using FloatNet = caffe::Net<float>;

// Bytes of one blob. Memory that several blobs use is counted at each of them, but once in a total.
struct BlobBytes {
  std::int64_t data = 0;
  std::int64_t diff = 0;
};

struct NetMemory {
  std::vector<BlobBytes> blobs;                // as net.blobs()
  std::vector<std::vector<BlobBytes>> params;  // by layer
  std::int64_t total = 0;
};

NetMemory MeasureMemory(const FloatNet& net);

// The total alone, for the garbage collector: without what is in `foreign`, memory that belongs to another net.
std::int64_t HeldMemory(const FloatNet& net, const std::set<const caffe::SyncedMemory*>& foreign);

// The sum of what each blob and parameter holds, shared memory counted each time: a quick look at whether anything has changed.
std::int64_t HeldByEach(const FloatNet& net);

// Refuses (SHAPE) a network whose sources alone are more than there is memory for, before anything is built.
void RequireMemoryForSources(const caffe::NetParameter& net);

// The buffers that convolutions unfold their bottoms into, by layer, in bytes: no blob shows them.
using ColumnSizes = std::vector<std::int64_t>;

// Refuses (SHAPE) a net that was just built, if running it takes more memory than there is.
ColumnSizes RequireMemoryToRun(const FloatNet& net, const std::string& name);

// Lets new shapes travel through the layers. Refuses (SHAPE, or what a layer throws; with the layer's name) before a layer is
// asked to take more memory than there is; the shapes are then those of the layers so far. `columns` are those the net has.
void ReshapeLayers(FloatNet* net, const std::string& name, ColumnSizes* columns);

}  // namespace caffe_node

#endif  // CAFFE_NODE_NET_MEMORY_H_
