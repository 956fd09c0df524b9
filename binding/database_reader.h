// The JS side of a dataset opened for reading: NativeDatabaseReader of lib/native.ts.
#ifndef CAFFE_NODE_DATABASE_READER_H_
#define CAFFE_NODE_DATABASE_READER_H_

#include <napi.h>

namespace caffe_node {

// openDatabase(path).
Napi::Value OpenDatabase(const Napi::CallbackInfo& info);

// Exports createDatabase and openDatabase.
void RegisterDatabases(Napi::Env env, Napi::Object exports);

}  // namespace caffe_node

#endif  // CAFFE_NODE_DATABASE_READER_H_
