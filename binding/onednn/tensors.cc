#include "tensors.h"

#include <algorithm>

namespace caffe_node::onednn {

namespace {

// What lies in the arena, and during which steps it must.
struct Occupant {
  int tensor;
  int first;
  int last;
  std::int64_t bytes;
  std::int64_t offset;
};

bool Overlap(const Occupant& a, const Occupant& b) { return a.first <= b.last && b.first <= a.last; }

// The lowest place where nothing lies that is needed at the same time; `placed` is in the order of the offsets.
std::int64_t LowestGap(const std::vector<Occupant>& placed, const Occupant& wanted) {
  std::int64_t offset = 0;
  for (const Occupant& other : placed) {
    if (!Overlap(other, wanted)) continue;
    if (offset + wanted.bytes <= other.offset) return offset;
    offset = std::max(offset, other.offset + other.bytes);
  }
  return offset;
}

std::int64_t RoundedUp(std::int64_t bytes) {
  constexpr auto kStep = static_cast<std::int64_t>(AlignedMemory::kAlignment);
  return (bytes + kStep - 1) / kStep * kStep;
}

}  // namespace

int Tensors::Add(const Description& description) {
  Tensor tensor;
  tensor.description = description;
  tensors_.push_back(std::move(tensor));
  return static_cast<int>(tensors_.size()) - 1;
}

int Tensors::AddInBlob(const Shape& shape, int blob) {
  const int tensor = Add(Plain(shape));
  At(tensor).blob = blob;
  return tensor;
}

int Tensors::AddInside(const Description& description, int host, std::int64_t offset, std::int64_t stride) {
  const int tensor = Add(description);
  At(tensor).host = host;
  At(tensor).offset = offset;
  At(tensor).stride = stride;
  return tensor;
}

int Tensors::Root(int tensor) const {
  while (At(tensor).host != kNone) tensor = At(tensor).host;
  return tensor;
}

std::int64_t Tensors::OffsetInRoot(int tensor, std::int64_t part) const {
  std::int64_t offset = 0;
  for (; At(tensor).host != kNone; tensor = At(tensor).host) offset += At(tensor).offset + part * At(tensor).stride;
  return offset;
}

bool Tensors::Turns(int tensor) const {
  while (At(tensor).stride == 0 && At(tensor).host != kNone) tensor = At(tensor).host;
  return At(tensor).stride != 0;
}

char* Tensors::AddressOf(int tensor, const Worker& worker) const {
  const Tensor& root = At(Root(tensor));
  const std::int64_t offset = OffsetInRoot(tensor, worker.part);
  if (root.blob != kNone) return root.in_blob == nullptr ? nullptr : root.in_blob + offset;
  const AlignedMemory& arena = root.per_worker ? worker.arena : arena_;
  return arena.bytes() == 0 ? nullptr : arena.data() + root.offset + offset;
}

bool Tensors::IsMovable(int tensor) const {
  const int root = Root(tensor);
  return At(root).blob == kNone && OffsetInRoot(tensor, 0) == 0 &&
         BytesOf(At(root).description) == BytesOf(At(tensor).description);
}

bool Tensors::MoveInside(int tensor, int host, std::int64_t offset, std::int64_t stride) {
  const int root = Root(tensor);
  if (!IsMovable(tensor) || root == Root(host)) return false;
  At(root).host = host;
  At(root).offset = offset;
  At(root).stride = stride;
  return true;
}

bool Tensors::MoveIntoBlob(int tensor, int blob) {
  if (!IsMovable(tensor) || !IsPlain(At(tensor).description) || TypeOf(At(tensor).description) != DataType::f32) return false;
  At(Root(tensor)).blob = blob;
  return true;
}

void Tensors::Overwrite(int former, int later, int step) {
  const int root = Root(former);
  if (At(root).blob != kNone || !IsMovable(later) || Root(later) != later) return;
  if (BytesOf(At(former).description) != BytesOf(At(later).description)) return;
  for (int tensor = 0; tensor < static_cast<int>(tensors_.size()); ++tensor) {
    const bool needed_later = Root(tensor) == root && At(tensor).last > step;
    const bool written_before = Root(tensor) == later && At(tensor).first != kNone && At(tensor).first < step;
    if (needed_later || written_before) return;
  }
  At(later).host = former;
  At(later).offset = 0;
}

void Tensors::Use(int tensor, int step) {
  Tensor& used = At(tensor);
  used.first = used.first == kNone ? step : std::min(used.first, step);
  used.last = std::max(used.last, step);
}

std::int64_t Tensors::LayOut(bool per_worker) {
  std::vector<Occupant> occupants(tensors_.size());
  for (int tensor = 0; tensor < static_cast<int>(tensors_.size()); ++tensor) {
    Occupant& own = occupants[static_cast<std::size_t>(tensor)];
    own.tensor = tensor;
    own.bytes = RoundedUp(BytesOf(At(tensor).description));
    own.first = own.last = kNone;
  }
  for (int tensor = 0; tensor < static_cast<int>(tensors_.size()); ++tensor) {
    if (At(tensor).first == kNone) continue;
    Occupant& root = occupants[static_cast<std::size_t>(Root(tensor))];
    root.first = root.first == kNone ? At(tensor).first : std::min(root.first, At(tensor).first);
    root.last = std::max(root.last, At(tensor).last);
  }
  std::stable_sort(occupants.begin(), occupants.end(), [](const Occupant& a, const Occupant& b) { return a.bytes > b.bytes; });
  std::vector<Occupant> placed;
  std::int64_t end = 0;
  for (Occupant& occupant : occupants) {
    const Tensor& tensor = At(occupant.tensor);
    if (occupant.first == kNone || tensor.host != kNone || tensor.blob != kNone || tensor.per_worker != per_worker) continue;
    occupant.offset = LowestGap(placed, occupant);
    At(occupant.tensor).offset = occupant.offset;
    end = std::max(end, occupant.offset + occupant.bytes);
    const auto behind = std::upper_bound(placed.begin(), placed.end(), occupant,
                                         [](const Occupant& a, const Occupant& b) { return a.offset < b.offset; });
    placed.insert(behind, occupant);
  }
  return end;
}

void Tensors::Place(const dnnl::engine& engine, int repeated, int workers) {
  std::vector<int> last(tensors_.size(), kNone);  // by root
  for (int tensor = 0; tensor < static_cast<int>(tensors_.size()); ++tensor) {
    int& of_root = last[static_cast<std::size_t>(Root(tensor))];
    of_root = std::max(of_root, At(tensor).last);
  }
  for (std::size_t root = 0; root < last.size(); ++root) tensors_[root].per_worker = last[root] < repeated;
  arena_ = AlignedMemory(LayOut(false), "The plan");
  const std::int64_t bytes = LayOut(true);
  for (int worker = 0; worker < workers; ++worker) workers_.push_back({AlignedMemory(bytes, "The plan"), 0});
  for (int tensor = 0; tensor < static_cast<int>(tensors_.size()); ++tensor) {
    for (const Worker& worker : workers_) {
      At(tensor).memory.emplace_back(At(tensor).description, engine, AddressOf(tensor, worker));
    }
    if (Turns(tensor)) turning_.push_back(tensor);
  }
}

void Tensors::Turn(int worker, std::int64_t part) {
  Worker& turned = workers_[static_cast<std::size_t>(worker)];
  turned.part = part;
  for (const int tensor : turning_) {
    At(tensor).memory[static_cast<std::size_t>(worker)].set_data_handle(AddressOf(tensor, turned));
  }
}

void Tensors::Refresh(int tensor, bool to_write) {
  const int blob_index = BlobOf(tensor);
  if (blob_index == kNone) return;
  FloatBlob& blob = *net_->blobs()[static_cast<std::size_t>(blob_index)];
  // What is only read must not count as changed; oneDNN has no memory of constants.
  float* const values = to_write ? blob.mutable_cpu_data() : const_cast<float*>(blob.cpu_data());
  At(Root(tensor)).in_blob = reinterpret_cast<char*>(values);
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    At(tensor).memory[worker].set_data_handle(AddressOf(tensor, workers_[worker]));
  }
}

std::int64_t Tensors::Bytes() const {
  std::int64_t bytes = arena_.bytes();
  for (const Worker& worker : workers_) bytes += worker.arena.bytes();
  return bytes;
}

}  // namespace caffe_node::onednn
