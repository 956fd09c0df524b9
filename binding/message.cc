#include "message.h"

#include <caffe/proto/caffe.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "convert.h"
#include "failure.h"
#include "message_from_js.h"
#include "message_to_js.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;

// Keeps the first error: those that follow are mostly its echoes.
class FirstError final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (!text.empty()) return;
    text = message;
    details.line = line + 1;  // protobuf's -1, for the message as a whole, becomes our 0: unknown
    details.column = column + 1;
  }

  std::string text;
  FailureDetails details;
};

// "'a.prototxt', line 3, column 5: ", with as much of it as is known.
std::string Place(const std::string& file, const FailureDetails& details) {
  std::string place = file.empty() ? "" : "'" + file + "'";
  if (details.line > 0) {
    place += (place.empty() ? "Line " : ", line ") + std::to_string(details.line) + ", column " + std::to_string(details.column);
  }
  return place.empty() ? place : place + ": ";
}

std::string AsSentence(std::string text) {
  if (text.empty()) text = "It cannot be read";
  return text.back() == '.' ? text : text + ".";
}

}  // namespace

void ParseText(const std::string& text, const std::string& file, pb::Message* message) {
  const pb::LogSilencer silence;
  FirstError error;
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (parser.ParseFromString(text, message)) return;
  error.details.file = file;
  throw Failure("PROTOTXT", Place(file, error.details) + AsSentence(error.text), error.details);
}

std::string PrintText(const pb::Message& message) {
  std::string text;
  pb::TextFormat::PrintToString(message, &text);
  return text;
}

void ParseBinary(const void* bytes, std::size_t size, const std::string& file, pb::Message* message) {
  const pb::LogSilencer silence;  // protobuf would report missing fields to the terminal as well
  FailureDetails details;
  details.file = file;
  const std::string place = Place(file, details);
  const std::string& type = message->GetDescriptor()->name();
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    throw Failure("INPUT", place + std::to_string(size) + " bytes are more than the 2 GB that a " + type + " can have.", details);
  }
  if (!message->ParsePartialFromArray(bytes, static_cast<int>(size))) {
    details.hint = "The data is cut short, or it is something else.";
    throw Failure("INPUT", place + std::to_string(size) + " bytes are not a " + type + ".", details);
  }
  if (!message->IsInitialized()) {
    throw Failure("INPUT", place + "The " + type + " lacks " + message->InitializationErrorString() + ".", details);
  }
}

namespace {

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

Napi::Value ToBinary(const Napi::CallbackInfo& info) {
  return Guarded(info.Env(), [&] {
    const std::unique_ptr<pb::Message> message = MessageOf(info);
    const std::size_t size = message->ByteSizeLong();
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw Failure("INPUT", "The message has " + std::to_string(size) + " bytes; protobuf's limit is 2 GB.");
    }
    const auto buffer = Napi::Buffer<char>::New(info.Env(), size);
    message->SerializeToArray(buffer.Data(), static_cast<int>(size));
    return buffer;
  });
}

Napi::Value Types(const Napi::CallbackInfo& info) {
  std::vector<std::string> names;
  for (int i = 0; i < CaffeProto().message_type_count(); ++i) names.push_back(CaffeProto().message_type(i)->name());
  return ToJs(info.Env(), names);
}

}  // namespace

void RegisterMessages(Napi::Env env, Napi::Object exports) {
  Napi::Object messages = Napi::Object::New(env);
  messages.Set("fromText", Napi::Function::New(env, FromText, "fromText"));
  messages.Set("toText", Napi::Function::New(env, ToText, "toText"));
  messages.Set("fromBinary", Napi::Function::New(env, FromBinary, "fromBinary"));
  messages.Set("toBinary", Napi::Function::New(env, ToBinary, "toBinary"));
  messages.Set("types", Napi::Function::New(env, Types, "types"));
  exports.Set("messages", messages);
}

}  // namespace caffe_node
