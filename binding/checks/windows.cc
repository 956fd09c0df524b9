// Layers that move a window over their bottom. Caffe works out the extents in int, and looks at the result only.
#include <algorithm>
#include <vector>

#include "shapes.h"

namespace caffe_node {

namespace {

// A window along one axis.
struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;
  std::int64_t dilation = 1;
  std::int64_t reach() const { return dilation * (kernel - 1) + 1; }
};

// The value of a field that is given once, once per axis, or not at all.
template <typename Field>
std::int64_t ValueAt(const Field& field, int axis, std::int64_t otherwise) {
  if (field.size() == 0) return otherwise;
  return field.size() > axis ? field.Get(axis) : field.Get(0);
}

std::vector<Window> WindowsOf(const caffe::ConvolutionParameter& param, int axes) {
  std::vector<Window> windows;
  for (int axis = 0; axis < axes; ++axis) {
    const bool vertical = axis == 0;
    Window window;
    window.kernel = param.has_kernel_h() || param.has_kernel_w() ? (vertical ? param.kernel_h() : param.kernel_w())
                                                                 : ValueAt(param.kernel_size(), axis, 1);
    window.stride = param.has_stride_h() || param.has_stride_w() ? (vertical ? param.stride_h() : param.stride_w())
                                                                 : ValueAt(param.stride(), axis, 1);
    window.pad =
        param.has_pad_h() || param.has_pad_w() ? (vertical ? param.pad_h() : param.pad_w()) : ValueAt(param.pad(), axis, 0);
    window.dilation = ValueAt(param.dilation(), axis, 1);
    windows.push_back(window);
  }
  return windows;
}

void RequireInts(const caffe::LayerParameter& layer, std::int64_t extent) {
  if (extent > kMostInt) throw Misshapen(layer, "has windows that reach beyond what Caffe can count");
}

// The extent of the output where a window walks over `extent` values.
std::int64_t Walk(const caffe::LayerParameter& layer, const Window& window, std::int64_t extent) {
  const std::int64_t padded = extent + 2 * window.pad;
  RequireInts(layer, std::max(padded + window.stride, window.reach()));  // Caffe counts one step beyond the last
  const std::int64_t steps = (padded - window.reach()) / window.stride + 1;
  if (steps >= 1) return steps;
  throw Misshapen(
      layer,
      "has a window of " + std::to_string(window.reach()) + "; its bottom, padded, is " + std::to_string(padded) + " there",
      "Use a smaller kernel, more padding, or larger inputs.");
}

std::int64_t KernelSize(const std::vector<Window>& windows) {
  std::int64_t size = 1;
  for (const Window& window : windows) size = Times(size, window.kernel);
  return size;
}

// Axis of the channels; -1 where Caffe's own CHECK is about to refuse the bottom.
int ChannelAxis(const Arrival& arrival) {
  const int axis = AxisOf(*arrival.bottoms[0], arrival.layer.convolution_param().axis());
  return arrival.bottoms[0]->num_axes() == arrival.axes_at_setup ? axis : -1;
}

// What a convolution and its transpose have alike; `walk` gives the extent of the output along one axis.
template <typename Walker>
void CheckKernels(const Arrival& arrival, bool transposed, Walker walk) {
  const caffe::LayerParameter& layer = arrival.layer;
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  const int channel_axis = ChannelAxis(arrival);
  if (channel_axis < 0) return;
  const std::vector<Window> windows = WindowsOf(layer.convolution_param(), bottom.num_axes() - channel_axis - 1);
  const std::int64_t outputs = layer.convolution_param().num_output();
  const std::int64_t channels = bottom.shape(channel_axis);
  const std::int64_t per_group = std::max<std::int64_t>(1, (transposed ? outputs : channels) / layer.convolution_param().group());
  const std::int64_t kernel = KernelSize(windows);
  RequireCountable(layer, "weights", Times(transposed ? channels : outputs, Times(per_group, kernel)));
  std::int64_t positions = 1;
  std::int64_t inputs = 1;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const std::int64_t extent = bottom.shape(channel_axis + 1 + static_cast<int>(i));
    positions = Times(positions, walk(windows[i], extent));
    inputs = Times(inputs, extent);
  }
  RequireCountable(layer, "a top", Times(Extent(bottom, 0, channel_axis), Times(outputs, positions)));
  // A column for each place of the window, with a row for each value in it.
  RequireCountable(layer, "a column buffer",
                   Times(Times(transposed ? outputs : channels, kernel), transposed ? inputs : positions));
}

}  // namespace

void CheckConvolution(const Arrival& arrival) {
  CheckKernels(arrival, false,
               [&arrival](const Window& window, std::int64_t extent) { return Walk(arrival.layer, window, extent); });
}

void CheckDeconvolution(const Arrival& arrival) {
  CheckKernels(arrival, true, [&arrival](const Window& window, std::int64_t extent) {
    const std::int64_t spread = window.stride * (extent - 1) + window.reach();
    RequireInts(arrival.layer, std::max(spread, 2 * window.pad));
    if (spread > 2 * window.pad) return spread - 2 * window.pad;
    throw Misshapen(arrival.layer, "pads more than its output has");
  });
}

void CheckIm2col(const Arrival& arrival) {
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  if (bottom.num_axes() != arrival.axes_at_setup) {
    throw Misshapen(arrival.layer, "was set up for " + std::to_string(arrival.axes_at_setup) + " axes; its bottom has " +
                                       std::to_string(bottom.num_axes()));
  }
  const int channel_axis = ChannelAxis(arrival);
  if (channel_axis < 0) return;
  const std::vector<Window> windows = WindowsOf(arrival.layer.convolution_param(), bottom.num_axes() - channel_axis - 1);
  std::int64_t count = Times(Extent(bottom, 0, channel_axis + 1), KernelSize(windows));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    count = Times(count, Walk(arrival.layer, windows[i], bottom.shape(channel_axis + 1 + static_cast<int>(i))));
  }
  RequireCountable(arrival.layer, "a top", count);
}

void CheckLrn(const Arrival& arrival) {
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  if (bottom.num_axes() != 4) return;
  const std::int64_t padded = std::int64_t{bottom.shape(1)} + arrival.layer.lrn_param().local_size() - 1;
  RequireCountable(arrival.layer, "padded channels", Times(padded, Extent(bottom, 2, 4)));
}

void CheckPooling(const Arrival& arrival) {
  const caffe::PoolingParameter& param = arrival.layer.pooling_param();
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  if (param.global_pooling() || bottom.num_axes() != 4) return;
  for (const int axis : {2, 3}) {
    const bool vertical = axis == 2;
    Window window;
    window.kernel = param.has_kernel_size() ? param.kernel_size() : vertical ? param.kernel_h() : param.kernel_w();
    window.stride = !param.has_stride_h() ? param.stride() : vertical ? param.stride_h() : param.stride_w();
    window.pad = !param.has_pad_h() ? param.pad() : vertical ? param.pad_h() : param.pad_w();
    const bool clips = param.pad() > 0 || param.pad_h() > 0 || param.pad_w() > 0;
    if (window.kernel < 1 || window.stride < 1) return;  // kernels that are missing, or given twice: Caffe refuses them
    const std::int64_t extent = bottom.shape(axis);
    const std::int64_t room = extent + 2 * window.pad - window.kernel;
    RequireInts(arrival.layer, extent + 2 * window.pad + window.stride);
    static_cast<void>(Walk(arrival.layer, window, extent));
    // Rounded up, and without padding, which makes Caffe clip it, the last window may lie outside: its maximum is none.
    const std::int64_t last =
        param.round_mode() == caffe::PoolingParameter::CEIL ? (room + window.stride - 1) / window.stride : 0;
    if (param.pool() != caffe::PoolingParameter::MAX || clips || last * window.stride < extent) continue;
    throw Misshapen(arrival.layer,
                    "has strides of " + std::to_string(window.stride) + " and kernels of " + std::to_string(window.kernel) +
                        ": the last window lies outside its bottom, which is " + std::to_string(extent) + " there",
                    "Use a stride no larger than the kernel, or round_mode: FLOOR.");
  }
}

// Level n cuts its bottom into 2^n bins in each direction. Where that leaves some of them without a row, Caffe gives up half-way.
void CheckSpp(const Arrival& arrival) {
  const caffe::Blob<float>& bottom = *arrival.bottoms[0];
  if (bottom.num_axes() != 4) return;
  for (const std::int64_t extent : {bottom.shape(2), bottom.shape(3)}) {
    for (std::uint32_t level = 0; extent > 0 && level < arrival.layer.spp_param().pyramid_height(); ++level) {
      const std::int64_t bins = std::int64_t{1} << level;
      const std::int64_t kernel = (extent + bins - 1) / bins;
      const std::int64_t pad = (kernel * bins - extent + 1) / 2;
      if (pad < kernel) continue;
      throw Misshapen(arrival.layer, "cannot cut " + std::to_string(extent) + " values into " + std::to_string(bins) + " bins",
                      "Lower spp_param.pyramid_height, or use larger inputs.");
    }
  }
}

}  // namespace caffe_node
