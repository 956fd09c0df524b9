#include "padded_pointwise.h"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "aligned_memory.h"
#include "thread_scope.h"
#include "weighted_operation.h"

namespace caffe_node::onednn {

namespace {

bool AllAre(const Shape& numbers, std::int64_t value) {
  return std::all_of(numbers.begin(), numbers.end(), [value](std::int64_t number) { return number == value; });
}

std::int64_t RoundedUp(std::int64_t bytes) {
  constexpr auto kStep = static_cast<std::int64_t>(AlignedMemory::kAlignment);
  return (bytes + kStep - 1) / kStep * kStep;
}

// Images whose channels lie in blocks, or all together, seen as bytes.
struct Planes {
  std::int64_t count;  // of images and blocks of channels
  std::int64_t height;
  std::int64_t width;
  std::int64_t pixel;  // bytes: a block of channels, or all of them
  std::int64_t row() const { return width * pixel; }
  std::int64_t plane() const { return height * row(); }
};

bool AreChannelsLast(const Description& images) { return OrderOfAxes(images) == std::vector<int>{0, 2, 3, 1}; }

Planes PlanesOf(const Description& images) {
  const Shape shape = ShapeOf(images);
  const std::int64_t block = AreChannelsLast(images) ? shape[1] : BlockOf(images, 1);
  const std::int64_t pixel = block * (TypeOf(images) == DataType::bf16 ? 2 : 4);
  return {shape[0] * ((shape[1] + block - 1) / block), shape[2], shape[3], pixel};
}

class PaddedPointwise final : public WeightedOperation {
 public:
  PaddedPointwise(const ConvolutionDescriptor& descriptor, const OperationRequest& request, const ConvolutionProblem& inner,
                  const Shape& padding)
      : WeightedOperation({descriptor.src_desc()}, {InFormat(request.tops[0], descriptor.dst_desc())}, descriptor,
                          dnnl::convolution_forward(descriptor), {{DNNL_ARG_SRC, descriptor.src_desc()}},
                          {{DNNL_ARG_DST, descriptor.dst_desc()}}),
        engine_(descriptor.get_engine()),
        bottom_(descriptor.src_desc()),
        inner_(descriptor.dst_desc()),
        padding_(padding),
        threads_(omp_get_max_threads()) {
    AddWeights(engine_, request.node, Plain(inner.weights), descriptor.weights_desc(), descriptor.bias_desc());
  }

  // What is not framed yet lies behind the scratch memory of the convolution.
  std::int64_t ScratchBytes() const override { return RoundedUp(WeightedOperation::ScratchBytes()) + BytesOf(inner_); }

  std::unique_ptr<Binding> Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                void* scratch) const override;

  // The border is what the convolution makes of zeros.
  void TakeParameters() override {
    WeightedOperation::TakeParameters();
    const AlignedMemory zeros(BytesOf(bottom_), "The plan");
    std::memset(zeros.data(), 0, static_cast<std::size_t>(BytesOf(bottom_)));
    const AlignedMemory scratch(ScratchBytes(), "The plan");
    const ThreadScope scope(threads_);
    dnnl::stream stream(engine_);
    BindInner(dnnl::memory(bottom_, engine_, zeros.data()), scratch.data())->Run(stream);
    stream.wait();
    const Planes inner = PlanesOf(inner_);
    border_.resize(static_cast<std::size_t>(inner.count * inner.pixel));
    for (std::int64_t plane = 0; plane < inner.count; ++plane) {
      std::memcpy(border_.data() + plane * inner.pixel, Unframed(scratch.data()) + plane * inner.plane(),
                  static_cast<std::size_t>(inner.pixel));
    }
  }

  // Puts the borders around what the convolution has left in the scratch memory.
  void FrameAll(const char* scratch, char* top) const {
    const Planes inner = PlanesOf(inner_);
    const Planes whole = PlanesOf(tops()[0]);
    const char* const unframed = Unframed(scratch);
#pragma omp parallel for schedule(static)
    for (std::int64_t plane = 0; plane < whole.count; ++plane) {
      Frame(inner, whole, unframed + plane * inner.plane(), border_.data() + plane * inner.pixel, top + plane * whole.plane());
    }
  }

 private:
  template <typename Byte>
  Byte* Unframed(Byte* scratch) const {
    return scratch + RoundedUp(WeightedOperation::ScratchBytes());
  }

  std::unique_ptr<Binding> BindInner(const dnnl::memory& bottom, char* scratch) const {
    return WeightedOperation::Bind({bottom}, {dnnl::memory(inner_, engine_, Unframed(scratch))}, scratch);
  }

  void Frame(const Planes& inner, const Planes& whole, const char* from, const char* border, char* to) const {
    const auto fill = [&](std::int64_t pixels) {
      for (; pixels > 0; --pixels, to += whole.pixel) std::memcpy(to, border, static_cast<std::size_t>(whole.pixel));
    };
    fill(padding_[0] * whole.width);
    for (std::int64_t row = 0; row < inner.height; ++row) {
      fill(padding_[1]);
      std::memcpy(to, from + row * inner.row(), static_cast<std::size_t>(inner.row()));
      to += inner.row();
      fill(padding_[1]);
    }
    fill(padding_[0] * whole.width);
  }

  const dnnl::engine engine_;
  const Description bottom_;
  const Description inner_;
  const Shape padding_;
  const int threads_;
  std::vector<char> border_;  // by image and block of channels
};

class BoundPaddedPointwise final : public Binding {
 public:
  BoundPaddedPointwise(const PaddedPointwise& operation, std::unique_ptr<Binding> inner, const char* scratch, dnnl::memory top)
      : operation_(operation), inner_(std::move(inner)), scratch_(scratch), top_(std::move(top)) {}

  void Run(const dnnl::stream& stream) override {
    inner_->Run(stream);
    operation_.FrameAll(scratch_, ValuesOf<char>(top_));
  }

 private:
  const PaddedPointwise& operation_;
  const std::unique_ptr<Binding> inner_;
  const char* const scratch_;
  const dnnl::memory top_;
};

std::unique_ptr<Binding> PaddedPointwise::Bind(const std::vector<dnnl::memory>& bottoms, const std::vector<dnnl::memory>& tops,
                                               void* scratch) const {
  auto* const bytes = static_cast<char*>(scratch);
  return std::make_unique<BoundPaddedPointwise>(*this, BindInner(bottoms[0], bytes), bytes, tops[0]);
}

// The layer without its padding.
ConvolutionProblem Inner(const ConvolutionProblem& problem) {
  ConvolutionProblem inner = problem;
  inner.window.padding = Shape(2, 0);
  inner.top[2] = problem.bottom[2];
  inner.top[3] = problem.bottom[3];
  return inner;
}

}  // namespace

bool IsPaddedPointwise(const ConvolutionProblem& problem) {
  return problem.weights.size() == 4 && problem.weights[2] == 1 && problem.weights[3] == 1 && AllAre(problem.window.strides, 1) &&
         !AllAre(problem.window.padding, 0);
}

std::unique_ptr<Operation> MakePaddedPointwise(const OperationRequest& request, const ConvolutionProblem& problem) {
  const ConvolutionProblem inner = Inner(problem);
  const ConvolutionDescriptor descriptor = FastestConvolution(inner, request.context.engine, request.context.tuning);
  const Description top = descriptor.dst_desc();
  if (!AreChannelsLast(top) && OrderOfAxes(top) != std::vector<int>{0, 1, 2, 3}) {
    throw Refusal("its padded top has another format");
  }
  return std::make_unique<PaddedPointwise>(descriptor, request, inner, problem.window.padding);
}

}  // namespace caffe_node::onednn
