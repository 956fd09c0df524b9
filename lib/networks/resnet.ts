import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Architecture } from './architecture';
import type { Draft } from './draft';
import { ending } from './ending';
import { type NormalisedNames, normalised } from './normalised';
import { averaged } from './pooling';
import { WEIGHTS_AND_BIAS, xavier } from './settings';

const COMMON: Pick<Architecture, 'paper' | 'classes' | 'channels' | 'size' | 'smallest' | 'feed' | 'solver' | 'solverNotes'> = {
  paper: {
    authors: 'K. He, X. Zhang, S. Ren, J. Sun',
    title: 'Deep Residual Learning for Image Recognition',
    year: 2015,
    where: 'CVPR 2016, arXiv:1512.03385',
  },
  classes: 1000,
  channels: 3,
  size: 224,
  smallest: 3,
  feed: { name: 'data', batchSize: 32, validationBatchSize: 25, crop: true, mean: 'picture' },
  solver: {
    base_lr: 0.1,
    lr_policy: 'multistep',
    stepvalue: [150_000, 300_000],
    gamma: 0.1,
    momentum: 0.9,
    weight_decay: 0.0001,
    iter_size: 8,
    test_iter: [2000],
    test_interval: 5000,
    test_initialization: false,
    display: 20,
    max_iter: 600_000,
    snapshot: 10_000,
  },
  solverNotes: [
    'The paper trained for up to 600,000 batches of 256 (8 times 32, as on its 8 GPUs).',
    'It divided the rate by 10 when the error stood still: here where the curves of its figure 4 fall.',
  ],
};

/**
 * ResNet-18: K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv:1512.03385.
 * Eight blocks of two 3×3 convolutions; projections (option B) where the channels change; 224×224.
 */
export const resnet18: Architecture = {
  ...COMMON,
  name: 'resnet-18',
  title: 'ResNet-18',
  notes: ['The authors published no ResNet-18 for Caffe; layers are named after the rule of their ResNet-50.'],
  parameters: 11_689_512,
  multiplyAdds: 1_814_073_344,
  build: (draft) => build(draft, [2, 2, 2, 2], BASIC, false),
};

/**
 * ResNet-50: K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv:1512.03385.
 * Sixteen blocks of 1×1, 3×3 and 1×1 convolutions, the first of which takes the steps of 2; 224×224.
 */
export const resnet50: Architecture = {
  ...COMMON,
  name: 'resnet-50',
  title: 'ResNet-50',
  notes: [
    "Layers are named as in the authors' deep-residual-networks, whose weights load.",
    'The bias of conv1, which BatchNorm makes needless, is theirs.',
  ],
  parameters: 25_557_096,
  multiplyAdds: 3_857_973_248,
  build: (draft) => build(draft, [3, 4, 6, 3], BOTTLENECK, true),
};

/** The convolutions of a block on its second branch. */
interface Block {
  readonly branch: readonly { readonly kernel: number; readonly widening: number }[];
}

const BASIC: Block = {
  branch: [
    { kernel: 3, widening: 1 },
    { kernel: 3, widening: 1 },
  ],
};

const BOTTLENECK: Block = {
  branch: [
    { kernel: 1, widening: 1 },
    { kernel: 3, widening: 1 },
    { kernel: 1, widening: 4 },
  ],
};

const STEM: NormalisedNames = { convolution: 'conv1', norm: 'bn_conv1', scale: 'scale_conv1', relu: 'conv1_relu' };
const STEM_CHANNELS = 64;

/**
 * @param blocks how many there are in each of the stages 2 to 5.
 * @param bias   whether the first convolution has one.
 */
function build(draft: Draft, blocks: readonly number[], block: Block, bias: boolean): void {
  const { net, choices } = draft;
  draft.section('Stem');
  const learned = bias ? { param: WEIGHTS_AND_BIAS, bias_term: true } : {};
  const conv1 = normalised(draft, STEM, draft.data, { num_output: STEM_CHANNELS, kernel_size: 7, pad: 3, stride: 2, ...learned });
  net.pool1 = L.Pooling(conv1, { pool: 'MAX', kernel_size: 3, stride: 2 });

  let maps = net.pool1;
  let width = STEM_CHANNELS;
  for (const [index, count] of blocks.entries()) {
    for (let number = 0; number < count; number++) {
      const place = `${index + 2}${String.fromCharCode('a'.charCodeAt(0) + number)}`;
      const channels = STEM_CHANNELS * 2 ** index;
      const stride = index > 0 && number === 0 ? 2 : 1;
      draft.section(`Block ${place}`);
      maps = residual(draft, place, maps, block, { channels, stride, from: width });
      width = channels * (block.branch.at(-1)?.widening ?? 1);
    }
  }

  draft.section('Classifier');
  net.pool5 = averaged(draft, maps, 7);
  net.fc1000 = L.InnerProduct(net.pool5, { param: WEIGHTS_AND_BIAS, num_output: choices.classes, ...xavier(0) });
  ending(draft, net.fc1000, { accuracies: { accuracy: 1, accuracy_top5: 5 } });
}

/** What came in, plus what the convolutions make of it. What came in is projected where its shape would not fit. */
function residual(
  draft: Draft,
  place: string,
  maps: Top,
  { branch }: Block,
  { channels, stride, from }: { channels: number; stride: number; from: number },
): Top {
  const { net } = draft;
  const to = channels * (branch.at(-1)?.widening ?? 1);
  const projected = to !== from || stride !== 1;
  const shortcut = projected
    ? normalised(draft, namesOf(`${place}_branch1`), maps, { num_output: to, kernel_size: 1, pad: 0, stride })
    : maps;

  let inner = maps;
  for (const [index, { kernel, widening }] of branch.entries()) {
    const name = `${place}_branch2${String.fromCharCode('a'.charCodeAt(0) + index)}`;
    const settings = { num_output: channels * widening, kernel_size: kernel, pad: (kernel - 1) / 2, stride: index === 0 ? stride : 1 };
    const names = namesOf(name);
    inner = normalised(draft, index < branch.length - 1 ? { ...names, relu: `res${name}_relu` } : names, inner, settings);
  }
  const sum = L.Eltwise(shortcut, inner);
  net[`res${place}`] = sum;
  net[`res${place}_relu`] = L.ReLU(sum, { in_place: true });
  return sum;
}

function namesOf(name: string): NormalisedNames {
  return { convolution: `res${name}`, norm: `bn${name}`, scale: `scale${name}` };
}
