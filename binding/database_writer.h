// The JS side of a new dataset: NativeDatabaseWriter of lib/native.ts.
#ifndef CAFFE_NODE_DATABASE_WRITER_H_
#define CAFFE_NODE_DATABASE_WRITER_H_

#include <napi.h>

namespace caffe_node {

// createDatabase(path).
Napi::Value CreateDatabase(const Napi::CallbackInfo& info);

}  // namespace caffe_node

#endif  // CAFFE_NODE_DATABASE_WRITER_H_
