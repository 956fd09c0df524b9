#include "message_format.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>

#include <limits>
#include <string_view>
#include <utility>

#include "failure_exception.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;

// No message of Caffe's is nested deeper than a handful; a parser that goes on for ever runs out of stack.
constexpr int kDeepest = 100;

// Editors on Windows put it in front of a file; protobuf would refuse it.
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

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
  parser.SetRecursionLimit(kDeepest);
  const bool marked = text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0;
  if (marked ? parser.ParseFromString(text.substr(kByteOrderMark.size()), message) : parser.ParseFromString(text, message))
    return;
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

}  // namespace caffe_node
