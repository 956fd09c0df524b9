/** Layers, a line each, and nets of random ones. */
import fc from 'fast-check';

export const rows = {
  input: (...dim: number[]) =>
    `layer { name: "data" type: "Input" top: "data" input_param { shape { ${dim.map((d) => `dim: ${d}`).join(' ')} } } }\n`,
  norm: (name: string, bottom: string, top = bottom, more = '') =>
    `layer { name: "${name}" type: "BatchNorm" bottom: "${bottom}" top: "${top}" ${more} }\n`,
  scale: (name: string, bottom: string, top = bottom, more = 'bias_term: true') =>
    `layer { name: "${name}" type: "Scale" bottom: "${bottom}" top: "${top}" scale_param { ${more} } }\n`,
  bias: (name: string, bottom: string, top = bottom) => `layer { name: "${name}" type: "Bias" bottom: "${bottom}" top: "${top}" }\n`,
  relu: (name: string, bottom: string, top = bottom) => `layer { name: "${name}" type: "ReLU" bottom: "${bottom}" top: "${top}" }\n`,
  sum: (name: string, bottom: string) =>
    `layer { name: "${name}" type: "Eltwise" bottom: "${bottom}" bottom: "${bottom}" top: "${name}" }\n`,
  product: (name: string, type: string, bottom: string, settings: string) =>
    `layer { name: "${name}" type: "${type}" bottom: "${bottom}" top: "${name}" ${type === 'InnerProduct' ? 'inner_product' : 'convolution'}_param { num_output: 4 ${settings} } }\n`,
};

interface Step {
  kind: 'conv' | 'group' | 'deconv' | 'ip' | 'bn' | 'scale' | 'bias' | 'relu' | 'sum';
  inPlace: boolean;
  /** How many blobs before the last it goes on from. */
  back: number;
  pad: number;
  bias: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('conv', 'group', 'deconv', 'ip', 'bn', 'bn', 'scale', 'scale', 'bias', 'relu', 'sum'),
  inPlace: fc.boolean(),
  back: fc.nat({ max: 2 }),
  pad: fc.nat({ max: 1 }),
  bias: fc.boolean(),
});

/** Nets of 4 channels throughout, with branches, in place and not. */
export const randomNets: fc.Arbitrary<string> = fc.array(step, { minLength: 3, maxLength: 12 }).map(netOf);

function netOf(steps: readonly Step[]): string {
  const blobs = ['data'];
  const flat = new Set<string>();
  const lines = steps.map(({ kind, inPlace, back, pad, bias }, index) => {
    const bottom = blobs[Math.max(0, blobs.length - 1 - back)] ?? 'data';
    const name = `l${index}`;
    const isSpatial = kind === 'conv' || kind === 'group' || kind === 'deconv';
    if (isSpatial && flat.has(bottom)) return '';
    const worksInPlace = inPlace && bottom === blobs.at(-1) && bottom !== 'data' && !isSpatial && kind !== 'ip' && kind !== 'sum';
    const top = worksInPlace ? bottom : name;
    if (flat.has(bottom) || kind === 'ip') flat.add(top);
    if (!worksInPlace) blobs.push(top);
    const window = `${pad ? 'kernel_size: 3 pad: 1' : 'kernel_size: 1'} bias_term: ${bias}`;
    switch (kind) {
      case 'conv':
        return rows.product(name, 'Convolution', bottom, window);
      case 'group':
        return rows.product(name, 'Convolution', bottom, `${window} group: 2`);
      case 'deconv':
        return rows.product(name, 'Deconvolution', bottom, window);
      case 'ip':
        return rows.product(name, 'InnerProduct', bottom, `bias_term: ${bias} transpose: ${inPlace}`);
      case 'bn':
        return rows.norm(name, bottom, top);
      case 'scale':
        return rows.scale(name, bottom, top, `bias_term: ${bias}`);
      case 'bias':
        return rows.bias(name, bottom, top);
      case 'relu':
        return rows.relu(name, bottom, top);
      default:
        return rows.sum(name, bottom);
    }
  });
  return rows.input(2, 4, 5, 5) + lines.join('');
}
