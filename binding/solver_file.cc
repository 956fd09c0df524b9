#include "solver_file.h"

#include <google/protobuf/unknown_field_set.h>

#include <utility>

#include "hdf5_file.h"
#include "hdf5_writer.h"
#include "model.h"
#include "weights.h"

namespace caffe_node {

namespace {

using google::protobuf::UnknownField;
using google::protobuf::UnknownFieldSet;

// Of caffe::SolverState, whose own fields end at 4 and those of its forks not far behind.
constexpr int kRecordField = 536870000;

std::string RecordField(const SolverRecord& record) {
  UnknownFieldSet fields;
  fields.AddLengthDelimited(kRecordField, Encode(record));
  std::string bytes;
  fields.SerializeToString(&bytes);
  return bytes;
}

// The record comes first: whatever a truncated file lacks, it is a part of Caffe's own, and the record knows the full size.
std::string BinaryState(const SavedState& saved) {
  std::string state;
  if (!saved.state.SerializeToString(&state)) {
    FailureDetails details;
    details.hint = "Use snapshot_format: HDF5.";
    throw Failure("UNSUPPORTED", "The state is larger than 2 GB, where protobuf files end.", std::move(details));
  }
  if (!saved.record) return state;
  SolverRecord record = *saved.record;
  record.file_size = RecordField(record).size() + state.size();
  return RecordField(record) + state;
}

std::optional<SolverRecord> RecordOf(const caffe::SolverState& state) {
  const UnknownFieldSet& fields = state.GetReflection()->GetUnknownFields(state);
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    if (field.number() == kRecordField && field.type() == UnknownField::TYPE_LENGTH_DELIMITED)
      return Decode(field.length_delimited());
  }
  return std::nullopt;
}

SavedState ReadBinaryState(const std::string& path, const std::string& contents) {
  SavedState saved;
  if (!saved.state.ParseFromString(contents)) throw NotState(path, "is no solver state, or a truncated one.");
  saved.record = RecordOf(saved.state);
  // A message cut off between two fields reads like a whole one; Caffe writes current_step last.
  const bool cut = saved.record && saved.record->file_size != contents.size();
  if (cut || !saved.state.has_iter() || !saved.state.has_current_step())
    throw NotState(path, "is no solver state, or a truncated one.");
  return saved;
}

SavedState ReadHdf5(const std::string& path, const std::string& contents) {
  std::string record;
  SavedState saved;
  saved.state = ReadHdf5State(contents, path, &record);
  if (!record.empty()) saved.record = Decode(record);
  return saved;
}

}  // namespace

void WriteState(const std::string& path, bool hdf5, const SavedState& saved) {
  WriteFileWhole(path, hdf5 ? Hdf5State(saved.state, saved.record ? Encode(*saved.record) : std::string()) : BinaryState(saved));
}

SavedState ReadState(const std::string& path) {
  const std::string contents = ReadFile(path);
  SavedState saved = IsHdf5(contents) ? ReadHdf5(path, contents) : ReadBinaryState(path, contents);
  // Caffe counts on from these, and indexes stepvalue by the second.
  if (saved.state.iter() < 0 || saved.state.current_step() < 0)
    throw NotState(path, "is no solver state: its counts are negative.");
  return saved;
}

Failure NotState(const std::string& path, const std::string& what) {
  FailureDetails details;
  details.file = path;
  details.hint = "Give the .solverstate file of a snapshot of this very solver and network.";
  return Failure("WEIGHTS", "'" + path + "' " + what, std::move(details));
}

}  // namespace caffe_node
