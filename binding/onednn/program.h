// A graph as a list of steps over tensors, ready to run: what an inference plan is inside.
#ifndef CAFFE_NODE_ONEDNN_PROGRAM_H_
#define CAFFE_NODE_ONEDNN_PROGRAM_H_

#include <memory>
#include <string>
#include <vector>

#include "graph.h"
#include "operation.h"
#include "tensors.h"

namespace caffe_node::onednn {

struct Step {
  std::unique_ptr<Operation> operation;
  std::vector<std::unique_ptr<Binding>> bindings;  // by worker; a step that is not repeated has one
  std::vector<int> reads;                          // tensors
  std::vector<int> writes;                         // tensors
  std::vector<int> layers;                         // of the net, that it stands for
  bool in_caffe = false;
  double milliseconds = 0;
};

struct Program {
  Program(FloatNet* net, Precision precision) : tensors(net) { context.precision = precision; }
  Context context;
  Tensors tensors;
  std::vector<AlignedMemory> scratch;  // by worker
  std::vector<Step> steps;
  std::size_t repeated = 0;  // so many steps, from the first, run for each part of the batch before the others run
  std::int64_t parts = 1;
  int workers = 1;  // so many threads, with one part each, run them; one: all threads together
};

// Makes the operations of a simplified graph, with reorders where formats differ, and finds a place for each tensor; not yet with
// any parameters. For as many threads as OpenMP has. Throws UNSUPPORTED or SHAPE.
std::unique_ptr<Program> BuildProgram(const Graph& graph, Precision precision, Tuning* tuning);

}  // namespace caffe_node::onednn

#endif  // CAFFE_NODE_ONEDNN_PROGRAM_H_
