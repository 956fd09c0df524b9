/** Products with a matrix. */
import type { Exporter } from '../layer';
import { DATA } from '../model';

/** All axes from `axis` on are the inputs; those before it are items. */
const innerProduct: Exporter = (layer) => {
  const param = layer.settings('inner_product_param');
  const axis = layer.axis(param);
  const isMatrix = axis === 1 && layer.shape().length === 2;
  const matrix = isMatrix ? layer.bottom() : layer.node('Flatten', [layer.bottom()], { axis });
  const weights = layer.weights(0, 'weights');
  const bias = param.flag('bias_term') ? [layer.weights(1, 'bias')] : [];
  const product = layer.node('Gemm', [matrix, weights, ...bias], { transB: param.flag('transpose') ? 0 : 1 });
  return [axis === 1 ? product : layer.reshape(product, layer.topExtents())];
};

/** Rows of the weights by number: float32, as all blobs are. */
const embed: Exporter = (layer) => {
  const indices = layer.node('Cast', [layer.bottom()], { to: DATA.INT64 });
  const rows = layer.node('Gather', [layer.weights(0, 'weights'), indices], { axis: 0 });
  const hasBias = layer.settings('embed_param').flag('bias_term');
  return [hasBias ? layer.node('Add', [rows, layer.weights(1, 'bias')]) : rows];
};

export const PRODUCTS: Readonly<Record<string, Exporter>> = {
  Embed: embed,
  InnerProduct: innerProduct,
  Parameter: (layer) => [layer.weights(0, 'values')],
};
