#include "diagnosis.h"

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
constexpr Symptom kSymptoms[]{
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
    {"produces one top blob as output for each", "Give it as many `top` lines as `bottom` lines."},
    {"blob size exceeds INT_MAX", "Caffe counts the values of a blob in 31 bits: use smaller shapes or a smaller batch."},
    {"label_value",
     "A label is not a class of this network: compare the labels of the dataset with the outputs of the last layer."},
    {"top_k", "A layer (Accuracy, ArgMax) asks for more guesses than there are classes: lower its top_k."},
    {"Number of labels must match", "Give one label for each prediction: items × height × width of them."},
    {"should have the same first dimension", "Give data and labels batches of the same size."},
    {"Too many params specified", "Give at most one `param` for each parameter of the layer: weights, bias."},
    {"loss_weight must be", "Give one loss_weight for each top, or none."},
    {"Cannot share param", "Layers whose `param` have the same name need parameters of the same shape."},
    {"batch normalization statistics", "Remove its `param`s, or give them lr_mult: 0."},
    {"cannot backpropagate", "Give this bottom propagate_down: false: there is no gradient for labels and the like."},
    {"Cannot backpropagate", "Give this bottom propagate_down: false: there is no gradient for labels and the like."},
    {"Unknown filler name", "The fillers are constant, uniform, gaussian, positive_unitball, xavier, msra and bilinear."},
    {"Sparsity not supported", "Only the gaussian filler takes `sparse`."},
    {"sigma > 0", "A gaussian filler needs a positive std."},
    {"p <= 1", "The `sparse` of a gaussian filler is at most the number of outputs."},
    {"Blob must be 4 dim", "The bilinear filler is for the kernels of Convolution and Deconvolution."},
    {"Input must have 4 axes", "Give it a bottom of four axes: items, channels, height, width."},
    {"legacy accessors", "This layer takes bottoms of at most four axes: reshape or flatten them first."},
    {"out of range", "Its bottom has fewer axes: use an axis below their number, or a negative one that counts from the last."},
    {"once per spatial dimension", "Give the field once, or once for each spatial axis of the bottom."},
    {"not both", "Remove one of the two."},
    {"unknown engine", "The linked Caffe has no cuDNN: remove `engine`."},
    {"Not Implemented Yet", "Caffe cannot compute this on the CPU; stochastic pooling is one such case."},
    {"MemoryDataLayer needs to be initialized", "Give it items before the first run: await net.setInputArrays(data, labels)."},
    {"shape mismatch", "Compare the shapes in the message: the layers below produce other ones than this layer needs."},
};

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
  details.hint = "This is a check in Caffe's " + file + ": compare what it asks for with the settings and shapes that you gave.";
  for (const Symptom& symptom : kSymptoms) {
    if (text.find(symptom.text) == std::string::npos) continue;
    details.hint = symptom.hint;
    break;
  }
  return Failure("FATAL", text, std::move(details));
}

}  // namespace caffe_node
