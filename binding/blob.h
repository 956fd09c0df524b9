// A blob of a net, or a parameter of a layer: shape, live views of Caffe's memory, values in and out.
#ifndef CAFFE_NODE_BLOB_H_
#define CAFFE_NODE_BLOB_H_

#include <napi.h>

#include <boost/weak_ptr.hpp>
#include <functional>
#include <memory>
#include <string>

#include "blob_memory.h"
#include "net_state.h"

namespace caffe_node {

struct BlobContent {
  std::shared_ptr<NetState> net;
  // Weak: a wrap waits for the garbage collector, the memory of a net that was disposed must not.
  boost::weak_ptr<FloatBlob> blob;
  // The top of a layer that lends its own memory to each batch: a view of it would change under the caller, or dangle.
  bool copy_only = false;
  // Layers count on its shape: a parameter, or a top with lent memory.
  bool fixed_shape = false;
  // Other nets may use it, too.
  bool parameter = false;
  std::string name;  // of a blob; a parameter has none

  // Throws NOT_COMPUTED for values that a run left out.
  void RequireComputed(Part part) const;
  // The values were changed.
  void NoteSet(Part part) const;
  // A view looks at the values, through which they may change.
  void NoteView(const BlobMemory& held_by_view) const;
  // Throws DISPOSED when the blob went with its net.
  boost::shared_ptr<FloatBlob> Blob() const;
};

// "data" or "diff"; INPUT for anything else.
Part ToPart(const Napi::Value& value);
// A Float32Array over Caffe's memory, which it keeps alive by this pointer; a copy where the runtime forbids external memory
// (Electron).
Napi::Float32Array NewView(Napi::Env env, const BlobMemory& memory, float* values, std::size_t count);

class BlobWrap final : public Napi::ObjectWrap<BlobWrap> {
 public:
  explicit BlobWrap(const Napi::CallbackInfo& info);
  static void Register(Napi::Env env);

 private:
  Napi::Value Shape(const Napi::CallbackInfo& info);
  Napi::Value Count(const Napi::CallbackInfo& info);
  Napi::Value View(const Napi::CallbackInfo& info);
  Napi::Value SetValues(const Napi::CallbackInfo& info);
  Napi::Value Reshape(const Napi::CallbackInfo& info);
  Napi::Value Read(const Napi::CallbackInfo& info);
  Napi::Value AbsoluteSum(const Napi::CallbackInfo& info);
  Napi::Value SquareSum(const Napi::CallbackInfo& info);
  Napi::Value Scale(const Napi::CallbackInfo& info);

  // Posts `body`, which computes a number from a part of the blob, on the net's lane.
  Napi::Value PostNumber(const Napi::CallbackInfo& info, std::function<double(FloatBlob*, Part)> body);
  void RequireAlive() const;

  // The view handed out last, while it lives and the memory is still the same: one ArrayBuffer per memory.
  struct Handed {
    const void* memory = nullptr;
    std::size_t count = 0;
    Napi::ObjectReference array;
  };

  BlobContent content_;
  Handed data_view_;
  Handed diff_view_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_BLOB_H_
