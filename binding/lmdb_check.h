// Is the file an intact LMDB? LMDB trusts its file: a page that is missing ends the process by SIGBUS, a damaged one by SIGSEGV
// or by an assertion. So everything that a reader will follow is checked before LMDB opens the file.
#ifndef CAFFE_NODE_LMDB_CHECK_H_
#define CAFFE_NODE_LMDB_CHECK_H_

#include <string>

namespace caffe_node {

// `file` is the data.mdb. Throws DATASET when it is cut short, damaged, something else, or an LMDB that is no Caffe dataset.
void CheckLmdb(const std::string& file);

}  // namespace caffe_node

#endif  // CAFFE_NODE_LMDB_CHECK_H_
