#include "numbers.h"

#include <cfloat>
#include <cmath>
#include <string>
#include <vector>

#include "refusal.h"

namespace caffe_node {

namespace {

namespace pb = google::protobuf;

void RequireInt(const caffe::LayerParameter& layer, const pb::FieldDescriptor& field, std::uint32_t value) {
  if (value <= kMostInt) return;
  throw Refused(layer, field.name() + ": " + std::to_string(value), "Caffe counts to " + std::to_string(kMostInt));
}

// Boost draws uniform numbers until one lies below the upper limit: between limits that are not finite, or at the end of what
// a float can hold, none ever does.
void CheckFiller(const caffe::LayerParameter& layer, const caffe::FillerParameter& filler) {
  if (filler.type() != "uniform") return;
  const bool drawable = std::isfinite(filler.min()) && filler.max() < FLT_MAX && std::isfinite(filler.max() - filler.min());
  if (drawable && filler.min() <= filler.max()) return;
  throw Refused(layer, "a uniform filler from " + std::to_string(filler.min()) + " to " + std::to_string(filler.max()),
                "it needs two finite numbers, the smaller one as min");
}

void CheckMessage(const caffe::LayerParameter& layer, const pb::Message& message) {
  if (const auto* filler = dynamic_cast<const caffe::FillerParameter*>(&message)) CheckFiller(layer, *filler);
  const pb::Reflection& reflection = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    const bool is_count = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32;
    const bool is_message = field->cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE;
    for (int i = 0; i < size && (is_count || is_message); ++i) {
      if (is_message) {
        CheckMessage(layer, field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                                 : reflection.GetMessage(message, field));
      } else {
        RequireInt(layer, *field,
                   field->is_repeated() ? reflection.GetRepeatedUInt32(message, field, i) : reflection.GetUInt32(message, field));
      }
    }
  }
}

}  // namespace

void CheckNumbers(const caffe::LayerParameter& layer) { CheckMessage(layer, layer); }

}  // namespace caffe_node
