// How many threads are worth having: one for each physical core that the process may use.
#ifndef CAFFE_NODE_PROCESSORS_H_
#define CAFFE_NODE_PROCESSORS_H_

#include <filesystem>
#include <vector>

namespace caffe_node {

// The logical processors that the calling thread may run on: taskset, cpuset cgroups.
std::vector<int> AllowedProcessors();

// How many cores these processors are, hyper-threads of one core counted once, but no more than the quota of the process's cgroup
// and of those above it (v1 and v2; a part of a processor counts as one). At least 1. `root` stands for "/".
int UsableCores(const std::vector<int>& processors, const std::filesystem::path& root);

// The default number of threads: that of OMP_NUM_THREADS, if it is set, or the usable cores.
int DefaultThreads();

}  // namespace caffe_node

#endif  // CAFFE_NODE_PROCESSORS_H_
