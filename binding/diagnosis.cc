#include "diagnosis.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "memory_check.h"

namespace caffe_node {

namespace {

struct Symptom {
  const char* text;
  const char* hint;
};

// Texts of CHECKs that users meet, in the words of Caffe's sources; the first that occurs counts.
constexpr std::array<Symptom, 12> kSymptoms{{
    {"Unknown layer type", "Check the spelling of `type`; caffe.layerTypes lists the types that the linked Caffe knows."},
    {"Unknown bottom blob",
     "No layer above produces this blob in this phase: check the spelling of `bottom`, and the include rules of its producer."},
    {"Top blob", "Two layers produce a blob of this name in the same phase: rename one, or give them include rules."},
    {"top blobs produced by multiple sources",
     "Two layers produce a blob of this name in the same phase: rename one, or give them include rules."},
    {"Unknown solver type", "The types are SGD, Nesterov, AdaGrad, RMSProp, AdaDelta and Adam."},
    {"Unknown learning rate policy", "The policies are fixed, step, exp, inv, multistep, poly and sigmoid."},
    {"exactly one", "Compare the number of `bottom` and `top` lines with Caffe's layer catalogue."},
    {"bottom blob(s) as input", "Compare the number of `bottom` lines with Caffe's layer catalogue."},
    {"top blob(s) as output", "Compare the number of `top` lines with Caffe's layer catalogue."},
    {"blob size exceeds INT_MAX", "Caffe counts the values of a blob in 31 bits: use smaller shapes or a smaller batch."},
    {"label_value",
     "A label is not a class of this network: compare the labels of the dataset with the outputs of the last layer."},
    {"top_k", "A layer (Accuracy, ArgMax) asks for more guesses than there are classes: lower its top_k."},
}};

// What stands in quotes after `before`.
std::string QuotedAfter(const std::string& text, const std::string& before) {
  const std::size_t start = text.find(before + "'");
  if (start == std::string::npos) return "";
  const std::size_t name = start + before.size() + 1;
  const std::size_t end = text.find('\'', name);
  return end == std::string::npos ? "" : text.substr(name, end - name);
}

}  // namespace

Failure Diagnose(const std::string& text, const std::string& file, int line) {
  // Refused by memory_check, or by the system.
  constexpr const char* kAllocation = "host allocation of size ";
  const std::size_t allocation = text.find(kAllocation);
  if (allocation != std::string::npos) {
    const std::int64_t bytes = std::strtoll(text.c_str() + allocation + std::strlen(kAllocation), nullptr, 10);
    return NotEnoughMemory("A blob of " + ByteText(bytes) + " was asked for", AvailableMemory());
  }
  FailureDetails details;
  details.file = file;
  details.line = line;
  details.layer = QuotedAfter(text, "layer ");
  details.blob = QuotedAfter(text, "blob ");
  for (const Symptom& symptom : kSymptoms) {
    if (text.find(symptom.text) == std::string::npos) continue;
    details.hint = symptom.hint;
    break;
  }
  return Failure("FATAL", text, std::move(details));
}

}  // namespace caffe_node
