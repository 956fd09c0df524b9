import { type LayerParameter, parseNet } from '../../lib/prototxt';

interface Comparison {
  /** Whether how parameters begin and learn is compared, too. Default true. */
  trained?: boolean;
}

/**
 * The layers of a network by name and phase: with sources, mean files, the name of the net, the number of pictures and the order of its
 * layers left out. Rules that say nothing are none.
 */
export function comparable(text: string, { trained = true }: Comparison = {}): Record<string, unknown> {
  const layers = (parseNet(text).layer ?? []).map((layer) => (trained ? withoutPaths(layer) : withoutTraining(layer)));
  return Object.fromEntries(layers.map((layer) => [[layer.name, ...(layer.include ?? []).map(({ phase }) => phase)].join(' '), layer]));
}

function withoutPaths({ data_param, transform_param, ...layer }: LayerParameter): LayerParameter {
  return {
    ...layer,
    ...(data_param && { data_param: { ...data_param, source: undefined } }),
    ...(transform_param && { transform_param: { ...transform_param, mean_file: undefined } }),
  };
}

/** What a layer computes, and where. */
function withoutTraining({ param, input_param, ...layer }: LayerParameter): LayerParameter {
  const { convolution_param, inner_product_param, batch_norm_param, ...rest } = layer;
  return {
    ...rest,
    ...(convolution_param && { convolution_param: { ...convolution_param, weight_filler: undefined, bias_filler: undefined } }),
    ...(inner_product_param && { inner_product_param: { ...inner_product_param, weight_filler: undefined, bias_filler: undefined } }),
    ...(batch_norm_param?.eps && { batch_norm_param: { eps: batch_norm_param.eps } }),
    ...(input_param && { input_param: { shape: input_param.shape?.map(({ dim = [] }) => ({ dim: dim.slice(1) })) } }),
  };
}
