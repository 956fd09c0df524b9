/** Gradients of a training plan against Caffe's, over random stacks of layers. */
import fc from 'fast-check';
import { caffe } from '../../lib/caffe';
import { BARE, bothWays, deviations, dispose, drawnNet, withLoss } from '../support/planned-training';

const describeEngine = caffe.features.onednn ? describe : describe.skip;

interface Top {
  name: string;
  channels: number;
  size: number;
  /** Caffe's LRN goes backward by its own top: working in place on that changes its gradient in Caffe, not in a plan. */
  kept?: boolean;
}
/** Adds layers above a top; null where they do not fit. */
type Block = (below: Top, name: string, choose: <Value>(values: readonly Value[]) => Value) => { text: string; top: Top } | null;

const FILLERS = 'weight_filler { type: "xavier" } bias_filler { type: "gaussian" std: 0.1 }';

const convolution: Block = (below, name, choose) => {
  const kernel = choose([1, 3, 3, 5]);
  const dilation = kernel === 3 ? choose([1, 1, 2]) : 1;
  const stride = choose([1, 1, 2]);
  const pad = choose([0, 1, 2]);
  const outputs = choose([4, 16, 24, 32]);
  const group = below.channels % 2 === 0 ? choose([1, 1, 2]) : 1;
  const size = Math.floor((below.size + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
  if (size < 2) return null;
  const text = `layer { name: "${name}" type: "Convolution" bottom: "${below.name}" top: "${name}" convolution_param {
    num_output: ${outputs} kernel_size: ${kernel} stride: ${stride} pad: ${pad} dilation: ${dilation} group: ${group}
    bias_term: ${choose([true, true, false])} ${FILLERS} } }`;
  return { text, top: { name, channels: outputs, size } };
};

const relu: Block = (below, name, choose) => {
  const top = below.kept ? name : choose([below.name, name]);
  const text = `layer { name: "${name}" type: "ReLU" bottom: "${below.name}" top: "${top}" relu_param { negative_slope: ${choose([0, 0, 0.1])} } }`;
  return { text, top: { ...below, name: top, kept: false } };
};

const pooling: Block = (below, name, choose) => {
  const [kernel, stride, pad] = choose([
    [2, 2, 0],
    [3, 2, 0],
    [3, 2, 1],
    [3, 1, 1],
    [5, 3, 2],
  ] as const);
  if (below.size + 2 * pad < kernel) return null;
  let size = Math.ceil((below.size + 2 * pad - kernel) / stride) + 1;
  if (pad > 0 && (size - 1) * stride >= below.size + pad) size--;
  const text = `layer { name: "${name}" type: "Pooling" bottom: "${below.name}" top: "${name}"
    pooling_param { pool: ${choose(['MAX', 'AVE'])} kernel_size: ${kernel} stride: ${stride} pad: ${pad} } }`;
  return { text, top: { ...below, name, size, kept: false } };
};

const normalisation: Block = (below, name, choose) => {
  const region = choose(['ACROSS_CHANNELS', 'ACROSS_CHANNELS', 'WITHIN_CHANNEL']);
  const text = `layer { name: "${name}" type: "LRN" bottom: "${below.name}" top: "${name}"
    lrn_param { local_size: ${choose([3, 5])} alpha: 0.5 beta: 0.75 k: ${region === 'WITHIN_CHANNEL' ? 1 : 2} norm_region: ${region} } }`;
  return { text, top: { ...below, name, kept: true } };
};

const batchNorm: Block = (below, name) => {
  const text = `layer { name: "${name}" type: "BatchNorm" bottom: "${below.name}" top: "${name}" }
  layer { name: "${name}s" type: "Scale" bottom: "${name}" top: "${name}" scale_param { bias_term: true } }`;
  return { text, top: { ...below, name, kept: false } };
};

const dropout: Block = (below, name) => {
  const top = below.kept ? name : below.name;
  const text = `layer { name: "${name}" type: "Dropout" bottom: "${below.name}" top: "${top}" dropout_param { dropout_ratio: 0.3 } }`;
  return { text, top: { ...below, name: top, kept: false } };
};

/** SqueezeNet's fire, GoogLeNet's inception: two ways that meet again. */
const branches: Block = (below, name, choose) => {
  const [left, right] = [choose([16, 32, 8]), choose([16, 48])];
  const one = `layer { name: "${name}l" type: "Convolution" bottom: "${below.name}" top: "${name}l" convolution_param { num_output: ${left} kernel_size: 1 ${FILLERS} } }
  layer { name: "${name}lr" type: "ReLU" bottom: "${name}l" top: "${name}l" }`;
  const other = `layer { name: "${name}r" type: "Convolution" bottom: "${below.name}" top: "${name}r" convolution_param { num_output: ${right} kernel_size: 3 pad: 1 ${FILLERS} } }
  ${choose([true, false]) ? `layer { name: "${name}rr" type: "ReLU" bottom: "${name}r" top: "${name}r" }` : ''}`;
  const text = `${one} ${other} layer { name: "${name}" type: "Concat" bottom: "${name}l" bottom: "${name}r" top: "${name}" }`;
  return { text, top: { ...below, name, channels: left + right, kept: false } };
};

/** A residual block. */
const sum: Block = (below, name) => {
  const text = `layer { name: "${name}c" type: "Convolution" bottom: "${below.name}" top: "${name}c"
    convolution_param { num_output: ${below.channels} kernel_size: 3 pad: 1 ${FILLERS} } }
  layer { name: "${name}" type: "Eltwise" bottom: "${below.name}" bottom: "${name}c" top: "${name}" }
  layer { name: "${name}r" type: "ReLU" bottom: "${name}" top: "${name}" }`;
  return { text, top: { ...below, name, kept: false } };
};

/** A type of layer that no plan knows. */
const unknown: Block = (below, name) => {
  const top = below.kept ? name : below.name;
  const text = `layer { name: "${name}" type: "PReLU" bottom: "${below.name}" top: "${top}" }`;
  return { text, top: { ...below, name: top, kept: false } };
};

const BLOCKS = [convolution, convolution, relu, relu, pooling, normalisation, batchNorm, dropout, branches, sum, unknown];

const stacks = fc.record({
  channels: fc.constantFrom(2, 3, 16),
  size: fc.integer({ min: 11, max: 18 }),
  blocks: fc.array(fc.record({ block: fc.constantFrom(...BLOCKS), choices: fc.array(fc.nat(1000), { minLength: 8, maxLength: 8 }) }), {
    minLength: 1,
    maxLength: 6,
  }),
});

function netOf({ channels, size, blocks }: { channels: number; size: number; blocks: { block: Block; choices: number[] }[] }): string {
  let top: Top = { name: 'data', channels, size };
  let text = '';
  // The first does not work in place on the data.
  for (const [index, { block, choices }] of [{ block: convolution, choices: [1, 0, 0, 1, 1, 0, 0, 0] }, ...blocks].entries()) {
    const left = [...choices];
    const added = block(top, `l${index}`, (values) => values[(left.shift() ?? 0) % values.length] as (typeof values)[number]);
    if (added === null) continue;
    text += `${added.text}\n`;
    top = added.top;
  }
  return drawnNet(withLoss(text, top.name), { batch: 4, channels, size });
}

/** How far the worst gradient is off. */
async function worstOf(net: string, seed: number): Promise<number> {
  const pair = await bothWays(net, BARE.replace('random_seed: 7', `random_seed: ${seed}`));
  const [expected, found] = [await pair.caffe.step(), await pair.planned.step()];
  expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-4 * Math.max(1, expected.loss));
  expect(pair.planned.net.engine).toMatchObject({ name: 'onednn' });
  const worst = Math.max(...Object.values(deviations(pair.planned.net, pair.caffe.net, 'diff')));
  expect(worst).toBeLessThan(0.1);
  await dispose(pair);
  return worst;
}

describeEngine('the gradients of a plan', () => {
  test('are those of Caffe, for random stacks of layers', async () => {
    await fc.assert(
      fc.asyncProperty(stacks, async (stack) => {
        // Where two values are all but equal a ReLU or a maximum may go the other way, which shows in a small net. With other data it
        // does not; what is computed wrongly is wrong with any.
        const net = netOf(stack);
        let worst = Number.POSITIVE_INFINITY;
        for (let seed = 7; seed < 11 && worst >= 2e-3; seed++) worst = await worstOf(net, seed);
        expect(worst).toBeLessThan(2e-3);
      }),
      { numRuns: 40 },
    );
  });

  const BF16 = caffe.features.bf16 ? test : test.skip;
  BF16('are those of Caffe in bf16, as far as its digits go', async () => {
    const net = netOf({
      channels: 16,
      size: 16,
      blocks: [relu, branches, pooling, sum, normalisation, convolution, relu].map((block) => ({
        block,
        choices: Array(8).fill(0) as number[],
      })),
    });
    const pair = await bothWays(net, undefined, { precision: 'bf16' });
    const [expected, found] = [await pair.caffe.step(), await pair.planned.step()];
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(0.02 * expected.loss);
    expect(pair.planned.net.plan?.steps.filter(({ primitive }) => primitive.includes('bf16')).length).toBeGreaterThan(4);
    const off = Object.values(deviations(pair.planned.net, pair.caffe.net, 'diff'));
    expect(Math.max(...off)).toBeLessThan(0.25);
    expect(Math.max(...off)).toBeGreaterThan(1e-4);
    await dispose(pair);
  });
});
