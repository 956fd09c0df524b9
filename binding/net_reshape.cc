// The part of NetState that changes shapes: all or nothing.
#include <caffe/layers/memory_data_layer.hpp>
#include <utility>

#include "failure.h"
#include "main_call.h"
#include "net_engine.h"
#include "net_state.h"
#include "parameter_lock.h"

namespace caffe_node {

namespace {

// What a layer written in JavaScript threw, and that its run was left, says nothing about the shapes.
bool IsOfShapes(const Failure& failure) {
  return failure.code() != "CALLBACK" && failure.code() != "ABORTED" && failure.code() != "DISPOSED";
}

}  // namespace

void NetState::Reshape() {
  const StoppableLockGuard lock(*parameter_lock_, *JobContext::Current().stop);
  static_cast<void>(net());
  SpreadShapes({});
}

void NetState::TakeShapes(const std::vector<BlobFeed>& feeds) {
  std::vector<BlobFeed> reshaped;
  for (const BlobFeed& feed : feeds) {
    if (feed.own_shape || BlobNamed(feed.name)->shape() == feed.shape) continue;
    CheckShape(feed.shape);
    reshaped.push_back(feed);
  }
  if (!reshaped.empty() || !ShapesAreGood()) SpreadShapes(reshaped);
}

void NetState::SpreadShapes(const std::vector<BlobFeed>& reshaped) {
  const std::vector<SavedBlob> saved = [this] {
    std::vector<SavedBlob> blobs;
    for (const auto& blob : net_->blobs()) blobs.emplace_back(*blob);
    return blobs;
  }();
  const LendScope lend(lending_, parameter_lock_.get());
  try {
    for (const BlobFeed& feed : reshaped) BlobNamed(feed.name)->Reshape(feed.shape);
    ReshapeLayers(net_.get(), name_, &columns_);
    for (const auto& blob : net_->blobs()) FitMemory(blob.get());
  } catch (...) {
    const Failure failure = AsFailure(std::current_exception());
    RestoreShapes(saved);
    if (!IsOfShapes(failure)) throw failure;
    throw Failure("SHAPE", std::string("The net refuses these shapes: ") + failure.what(), failure.details());
  }
  KeepShapes();
}

void NetState::RestoreShapes(const std::vector<SavedBlob>& saved) {
  for (std::size_t i = 0; i < saved.size(); ++i) {
    // A blob that JavaScript reshaped before has no memory of its former shape left.
    if (saved[i].shape() == good_shapes_[i]) {
      saved[i].Restore(net_->blobs()[i].get());
    } else {
      ShrinkTo(good_shapes_[i], net_->blobs()[i].get());
    }
  }
  try {
    ReshapeLayers(net_.get(), name_, &columns_);
  } catch (...) {
    // A Filter's shape depends on its data: what the layers have not taken back now, they take with the next forward pass.
    adapted_ = -1;
  }
}

bool NetState::ShapesAreGood() const {
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) {
    if (net_->blobs()[i]->shape() != good_shapes_[i]) return false;
  }
  return true;
}

void NetState::KeepShapes() {
  // After every forward pass: assigned in place, so that nothing is allocated while the shapes stay.
  good_shapes_.resize(net_->blobs().size());
  for (std::size_t i = 0; i < good_shapes_.size(); ++i) good_shapes_[i] = net_->blobs()[i]->shape();
  adapted_ = static_cast<int>(layers_.size()) - 1;
  Measure();
}

void NetState::SetItems(MemoryItems items) {
  auto* const layer = dynamic_cast<caffe::MemoryDataLayer<float>*>(net().layers()[0].get());
  if (layer == nullptr) {
    FailureDetails details;
    details.layer = layers_[0].name;
    throw Failure("INPUT",
                  "The first layer of the net '" + name_ + "' is of the type " + layers_[0].type + "; MemoryData is needed.",
                  std::move(details));
  }
  const std::vector<int> expected{layer->channels(), layer->height(), layer->width()};
  const std::vector<int>& shape = items.shape;
  if (shape.size() != 4 || !std::equal(expected.begin(), expected.end(), shape.begin() + 1)) {
    throw Failure("SHAPE", "The data has the shape " + ShapeText(shape) + "; this layer takes N×" + ShapeText(expected) + ".");
  }
  if (shape[0] < 1 || shape[0] % layer->batch_size() != 0) {
    throw Failure("INPUT", std::to_string(shape[0]) + " items were given; a multiple of the batch size, " +
                               std::to_string(layer->batch_size()) + ", is needed.");
  }
  if (items.labels.size() != static_cast<std::size_t>(shape[0])) {
    throw Failure("INPUT",
                  std::to_string(items.labels.size()) + " labels were given for " + std::to_string(shape[0]) + " items.");
  }
  auto kept = std::make_unique<MemoryItems>(std::move(items));
  layer->Reset(kept->data.data(), kept->labels.data(), kept->shape[0]);
  // Since the last forward pass the tops have pointed into the former items, which go now.
  const auto& tops = net().top_vecs()[0];
  tops[0]->set_cpu_data(kept->data.data());
  tops[1]->set_cpu_data(kept->labels.data());
  engine_->NoteWritten(*tops[0]);
  items_ = std::move(kept);
  held_by_each_ = -1;
  Measure();
}

}  // namespace caffe_node
