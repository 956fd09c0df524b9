import { type Exporter, type ExportLayer, joined, requireFixed } from '../layer';
import type { Value } from '../model';

/** Convolution, and Deconvolution, which is its transpose. ONNX has the same weights in the same order. */
function convolution(type: 'Conv' | 'ConvTranspose'): Exporter {
  return (layer) => {
    const param = layer.settings('convolution_param');
    const axis = layer.axis(param);
    // Without spatial axes it is a product for each position; ONNX wants one axis at least.
    const windows = layer.windows.length > 0 ? layer.windows : [{ kernel: 1, stride: 1, pad: 0, dilation: 1 }];
    const kernels = windows.map(({ kernel }) => kernel);
    const pads = windows.map(({ pad }) => pad);
    const [rows = 1, columns = 1] = layer.paramShape(0);
    const weights = layer.weights(0, 'weights', [rows, columns, ...kernels]);
    const bias = param.flag('bias_term') ? [layer.weights(1, 'bias')] : [];
    const attributes = {
      kernel_shape: kernels,
      strides: windows.map(({ stride }) => stride),
      pads: [...pads, ...pads],
      dilations: windows.map(({ dilation }) => dilation),
      group: param.number('group'),
    };
    const isPlain = axis === 1 && layer.windows.length > 0;
    return layer.bottoms.map((bottom, index) => {
      const input = isPlain ? bottom : asImages(layer, index, axis);
      const output = layer.node(type, [input, weights, ...bias], attributes);
      return isPlain ? output : layer.reshape(output, layer.topExtents(index));
    });
  };
}

/** Caffe takes all axes before the channels for items, however many there are. */
function asImages(layer: ExportLayer, bottom: number, axis: number): Value {
  const extents = layer.extents(bottom);
  const spatial = extents.slice(axis + 1);
  const image = [layer.extent(axis, bottom), ...(spatial.length > 0 ? spatial.map(requireFixed) : [1])];
  return layer.reshape(layer.bottom(bottom), [joined(extents.slice(0, axis)), ...image]);
}

export const CONVOLUTIONS: Readonly<Record<string, Exporter>> = {
  Convolution: convolution('Conv'),
  Deconvolution: convolution('ConvTranspose'),
};
