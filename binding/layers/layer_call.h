// One call of a method of a JavaScript layer, as lib/javascript-layer.ts sees it: the layer's blobs, for as long as the call
// lasts.
#ifndef CAFFE_NODE_LAYERS_LAYER_CALL_H_
#define CAFFE_NODE_LAYERS_LAYER_CALL_H_

#include <napi.h>

#include <boost/shared_ptr.hpp>
#include <caffe/blob.hpp>
#include <memory>
#include <string>
#include <vector>

#include "../main_call.h"
#include "../net_state.h"

namespace caffe_node {

enum class LayerMethod { kSetup, kReshape, kForward, kBackward };

// Owned by the layer and its net: valid while the call is open.
struct LayerBlobs {
  std::vector<FloatBlob*> bottoms;
  std::vector<FloatBlob*> tops;
  std::vector<boost::shared_ptr<FloatBlob>>* params = nullptr;
};

// The state of a call. Used on the main thread; may be dropped on any.
class LayerCall {
 public:
  LayerCall(std::string layer, LayerMethod method, LayerBlobs blobs, std::shared_ptr<MainCall> call);

  // Each throws BUSY when the call is over.
  int Count(const std::string& list) const;
  FloatBlob& At(const std::string& list, int index) const;
  // The same view for the same memory. It is detached when the call ends: kept beyond, it is empty and nobody's.
  Napi::Value View(Napi::Env env, const std::string& list, int index, Part part);
  // SHAPE for bottoms and parameters, and in the backward pass.
  void Reshape(const std::string& list, int index, const std::vector<int>& shape);
  // In setup only: the index of a new parameter of zeros. What the network's text or a file brings for it is put in afterwards.
  int AddParam(const std::vector<int>& shape);
  // Takes back what was written where views are copies, and detaches them.
  void Close(bool settled);

 private:
  struct Handed {
    boost::shared_ptr<caffe::SyncedMemory> memory;
    float* values;
    std::size_t count;
    std::shared_ptr<KeptValue> array;
  };

  void RequireOpen() const;

  const std::string layer_;
  const LayerMethod method_;
  LayerBlobs blobs_;
  const std::shared_ptr<MainCall> call_;
  std::vector<Handed> views_;
};

class LayerCallWrap final : public Napi::ObjectWrap<LayerCallWrap> {
 public:
  explicit LayerCallWrap(const Napi::CallbackInfo& info);
  static void Register(Napi::Env env);

 private:
  Napi::Value Count(const Napi::CallbackInfo& info);
  Napi::Value Shape(const Napi::CallbackInfo& info);
  Napi::Value View(const Napi::CallbackInfo& info);
  Napi::Value Reshape(const Napi::CallbackInfo& info);
  Napi::Value AddParam(const Napi::CallbackInfo& info);

  std::shared_ptr<LayerCall> call_;
};

}  // namespace caffe_node

#endif  // CAFFE_NODE_LAYERS_LAYER_CALL_H_
