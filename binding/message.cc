#include "message.h"

#include <caffe/proto/caffe.pb.h>
#include <google/protobuf/descriptor.pb.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "function_job.h"
#include "message_from_js.h"
#include "message_to_js.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;

const pb::FileDescriptor& CaffeProto() { return *caffe::NetParameter::descriptor()->file(); }

std::unique_ptr<pb::Message> NewMessage(const std::string& type) {
  const pb::Descriptor* descriptor = CaffeProto().FindMessageTypeByName(type);
  if (descriptor == nullptr) {
    FailureDetails details;
    details.hint = "messages.types() lists the names.";
    throw Failure("INPUT", "caffe.proto has no message type '" + type + "'.", std::move(details));
  }
  return std::unique_ptr<pb::Message>(pb::MessageFactory::generated_factory()->GetPrototype(descriptor)->New());
}

std::unique_ptr<pb::Message> MessageOf(const Napi::CallbackInfo& info) {
  std::unique_ptr<pb::Message> message = NewMessage(ToString(info[0], "The message type"));
  MessageFromJs(ToObject(info[1], "The message"), message.get());
  return message;
}

Napi::Value FromText(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    const std::unique_ptr<pb::Message> message = NewMessage(ToString(info[0], "The message type"));
    ParseText(ToString(info[1], "The text"), "", message.get());
    return MessageToJs(info.Env(), *message);
  });
}

Napi::Value ToText(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] { return Napi::String::New(info.Env(), PrintText(*MessageOf(info))); });
}

Napi::Value FromBinary(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    const std::unique_ptr<pb::Message> message = NewMessage(ToString(info[0], "The message type"));
    // Parsed where it lies: weights have hundreds of megabytes, and nothing can change them meanwhile.
    if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
      throw Failure("INPUT", "The bytes must be a Uint8Array.");
    }
    const auto bytes = info[1].As<Napi::Uint8Array>();
    ParseBinary(bytes.Data(), bytes.ByteLength(), "", message.get());
    return MessageToJs(info.Env(), *message);
  });
}

std::string Serialized(const pb::Message& message) {
  const std::size_t size = message.ByteSizeLong();
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Failure("INPUT", "The message has " + std::to_string(size) + " bytes; protobuf's limit is 2 GB.");
  }
  return message.SerializeAsString();
}

Napi::Value ToBuffer(Napi::Env env, const std::string& bytes) {
  return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

Napi::Value ToBinary(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] { return ToBuffer(info.Env(), Serialized(*MessageOf(info))); });
}

// fromBinary and toBinary with the protobuf work on a lane.
Napi::Value Decode(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    auto work = [message = NewMessage(ToString(info[0], "The message type")), bytes = ToBytes(info[1], "The bytes")]() mutable {
      ParseBinary(bytes.data(), bytes.size(), "", message.get());
      return std::move(message);
    };
    return PostToFileLane(info.Env(), std::move(work),
                          [](Napi::Env env, const std::unique_ptr<pb::Message>& message) { return MessageToJs(env, *message); });
  });
}

Napi::Value Encode(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    return PostToFileLane(
        info.Env(), [message = MessageOf(info)] { return Serialized(*message); }, ToBuffer);
  });
}

Napi::Value Types(const Napi::CallbackInfo& info) {
  std::vector<std::string> names;
  for (int i = 0; i < CaffeProto().message_type_count(); ++i) names.push_back(CaffeProto().message_type(i)->name());
  return ToJs(info.Env(), names);
}

// What scripts/generate-schema.js makes the types from: the linked Caffe's own caffe.proto, without its comments.
Napi::Value Descriptor(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    pb::FileDescriptorProto file;
    CaffeProto().CopyTo(&file);
    return MessageToJs(info.Env(), file);
  });
}

}  // namespace

void RegisterMessages(Napi::Env env, Napi::Object exports) {
  Napi::Object messages = Napi::Object::New(env);
  messages.Set("fromText", Napi::Function::New(env, FromText, "fromText"));
  messages.Set("toText", Napi::Function::New(env, ToText, "toText"));
  messages.Set("fromBinary", Napi::Function::New(env, FromBinary, "fromBinary"));
  messages.Set("toBinary", Napi::Function::New(env, ToBinary, "toBinary"));
  messages.Set("decode", Napi::Function::New(env, Decode, "decode"));
  messages.Set("encode", Napi::Function::New(env, Encode, "encode"));
  messages.Set("types", Napi::Function::New(env, Types, "types"));
  messages.Set("descriptor", Napi::Function::New(env, Descriptor, "descriptor"));
  exports.Set("messages", messages);
}

}  // namespace caffe_node
