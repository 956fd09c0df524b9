import sharp from 'sharp';
import { draw, parse } from '../../lib/prototxt';
import { drawNet } from '../../lib/tools';
import { failureOf } from '../support/failure';
import { describeModels, errorOf, model, modelNames } from './shared';

const NET = `
name: "drawn"
layer { name: "d" type: "Data" top: "data" top: "label" data_param { batch_size: 32 } include { phase: TRAIN } }
layer { name: "d" type: "Data" top: "data" top: "label" data_param { batch_size: 8 } include { phase: TEST } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" param { lr_mult: 1 } param { lr_mult: 2 }
  convolution_param { num_output: 20 kernel_h: 3 kernel_w: 5 stride: 2 pad: 1 } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" include { stage: "rainy" } }
layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { pool: AVE global_pooling: true } }
layer { name: "fc|<1>" type: "InnerProduct" bottom: "pool" top: "fc" param { lr_mult: 0 } param { lr_mult: 0 } inner_product_param { num_output: 3 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
`;

/** The nodes of a DOT drawing by identity, with their attributes, and its edges. */
function read(dot: string) {
  const nodes = new Map(
    [...dot.matchAll(/^ {2}"((?:[^"\\]|\\.)*)" \[(.*)\];$/gm)].map(([, id, attributes]) => [id as string, attributes as string]),
  );
  const edges = [...dot.matchAll(/^ {2}"((?:[^"\\]|\\.)*)" -> "((?:[^"\\]|\\.)*)"(?: \[label="(.*)"\])?;$/gm)];
  return { nodes, edges: edges.map(([, from, to, label]) => [from, to, label ?? ''].join(' ').trim()) };
}

describe('draw as DOT', () => {
  test('labels, shapes and colours are those of pycaffe', () => {
    const dot = draw(NET, { phase: 'train' });
    expect(dot).toMatch(/^digraph "drawn" \{\n {2}rankdir=LR;\n/);
    const { nodes, edges } = read(dot);
    expect([...nodes]).toEqual([
      ['d_Data', 'label="d\\n(Data)", shape=record, style=filled, fillcolor="#6495ED"'],
      ['data_blob', 'label="data", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
      ['label_blob', 'label="label", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
      [
        'conv_Convolution',
        'label="conv\\n(Convolution)\\nkernel size: 3x5\\nstride: 2\\npad: 1", shape=record, style=filled, fillcolor="#FF5050"',
      ],
      ['conv_blob', 'label="conv", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
      ['relu_ReLU', 'label="relu\\n(ReLU)", shape=record, style=filled, fillcolor="#90EE90"'],
      [
        'pool_Pooling',
        'label="pool\\n(Pooling AVE)\\nkernel size: global\\nstride: 1\\npad: 0", shape=record, style=filled, fillcolor="#FF9900"',
      ],
      ['pool_blob', 'label="pool", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
      ['fc|<1>_InnerProduct', 'label="fc\\|\\<1\\>\\n(InnerProduct)", shape=record, style=filled, fillcolor="#CC33FF"'],
      ['fc_blob', 'label="fc", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
      ['loss_SoftmaxWithLoss', 'label="loss\\n(SoftmaxWithLoss)", shape=record, style=filled, fillcolor="#6495ED"'],
      ['loss_blob', 'label="loss", shape=octagon, style=filled, fillcolor="#E0E0E0"'],
    ]);
    expect(edges).toEqual([
      'd_Data data_blob Batch 32',
      'd_Data label_blob Batch 32',
      'data_blob conv_Convolution',
      'conv_Convolution conv_blob 20',
      'conv_blob relu_ReLU',
      'relu_ReLU conv_blob',
      'conv_blob pool_Pooling',
      'pool_Pooling pool_blob',
      'pool_blob fc|<1>_InnerProduct',
      'fc|<1>_InnerProduct fc_blob 3',
      'fc_blob loss_SoftmaxWithLoss',
      'label_blob loss_SoftmaxWithLoss',
      'loss_SoftmaxWithLoss loss_blob',
    ]);
  });

  test('options: direction, learning rates, phase with stages, and everything', () => {
    const dot = draw(parse(NET), { rankdir: 'TB', learningRates: true, phase: 'test', stages: ['rainy'] });
    expect(dot).toContain('rankdir=TB');
    const { nodes, edges } = read(dot);
    expect(nodes.get('conv_Convolution')).toContain('label="conv (Convolution) kernel size: 3x5 stride: 2 pad: 1 lr mult: 1.0, 2.0"');
    expect(nodes.get('fc|<1>_InnerProduct')).not.toContain('lr mult');
    expect(nodes.has('drop_Dropout')).toBe(true);
    expect(edges[0]).toBe('d_Data data_blob Batch 8');
    expect([...read(draw(NET)).nodes.keys()].slice(0, 4)).toEqual(['d_Data', 'data_blob', 'label_blob', 'd_Data_2']);
  });

  test.each([
    ['a solver', 'base_lr: 0.1', {}, 'ERR_CAFFE_PROTOTXT'],
    ['a syntax error', 'layer {', {}, 'ERR_CAFFE_PROTOTXT'],
    ['another format', NET, { format: 'png' }, 'ERR_CAFFE_INPUT'],
    ['another direction', NET, { rankdir: 'UP' }, 'ERR_CAFFE_INPUT'],
    ['options that are none', NET, null, 'ERR_CAFFE_INPUT'],
    ['stages that are no texts', NET, { stages: 'train' }, 'ERR_CAFFE_INPUT'],
    ['a level that is no number', NET, { level: 'high' }, 'ERR_CAFFE_INPUT'],
    ['another phase', NET, { phase: 'TRAIN' }, 'ERR_CAFFE_INPUT'],
    ['sizes that are neither wanted nor not', NET, { sizes: 'yes' }, 'ERR_CAFFE_INPUT'],
    ['a batch of nothing', NET, { sizes: true, batch: 0 }, 'ERR_CAFFE_INPUT'],
    ['a shape of what is no input', NET, { sizes: true, inputs: { dta: [1, 2] } }, 'ERR_CAFFE_INPUT'],
    ['the notation of old', 'layers { type: DATA }', {}, 'ERR_CAFFE_UNSUPPORTED'],
  ])('refuses %s', (_, source, options, code) => {
    expect(errorOf(() => draw(source, options as object | undefined))).toMatchObject({ code });
  });
});

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The outlines of all nodes. */
function boxesIn(svg: string): Box[] {
  const rects = [...svg.matchAll(/<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"/g)].map((match) => {
    const [x = 0, y = 0, width = 0, height = 0] = match.slice(1).map(Number);
    return { left: x, top: y, right: x + width, bottom: y + height };
  });
  const octagons = [...svg.matchAll(/<polygon points="([^"]+)"/g)].map(([, points = '']) => {
    const [xs, ys] = [0, 1].map((axis) => points.split(' ').map((point) => Number(point.split(',')[axis]))) as [number[], number[]];
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  });
  return [...rects, ...octagons];
}

function overlaps(boxes: readonly Box[]): number {
  let count = 0;
  boxes.forEach((one, index) => {
    for (const other of boxes.slice(index + 1)) {
      if (one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom) count++;
    }
  });
  return count;
}

/** The picture's own checks: it is an image, everything lies on it, nothing on top of anything else. */
async function check(svg: string, nodes: number): Promise<void> {
  const { width = 0, height = 0, format } = await sharp(Buffer.from(svg)).metadata();
  expect(format).toBe('svg');
  const boxes = boxesIn(svg);
  expect(boxes).toHaveLength(nodes);
  expect(boxes.filter(({ left, top, right, bottom }) => left < 0 || top < 0 || right > width || bottom > height)).toEqual([]);
  expect(overlaps(boxes)).toBe(0);
}

describe('draw as SVG', () => {
  test.each(['LR', 'TB', 'BT', 'RL'] as const)('nothing overlaps, direction %s', async (rankdir) => {
    const svg = draw(NET, { format: 'svg', rankdir });
    await check(svg, read(draw(NET)).nodes.size);
    expect(svg).toContain('<title>drawn</title>');
    expect(svg).toContain('>fc|&lt;1&gt;</text>');
    const place = (text: string) => {
      const [, x, y] = new RegExp(`<text x="([\\d.]+)" y="([\\d.]+)"[^>]*>${text}</text>`).exec(svg) ?? [];
      return Number(rankdir === 'LR' || rankdir === 'RL' ? x : y);
    };
    const forwards = rankdir === 'LR' || rankdir === 'TB';
    expect(place('pool') > place('data')).toBe(forwards);
  });

  test('layers that read what they write, write what others wrote, or stand alone', async () => {
    const odd = `
      layer { name: "alone" type: "Silence" }
      layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "a" }
      layer { name: "again" type: "Power" bottom: "a" top: "b" }
      layer { name: "neuron" type: "ReLU" bottom: "free" top: "free" }`;
    await check(draw(odd, { format: 'svg' }), 7);
  });
});

describe('sizes', () => {
  const options = { phase: 'train', inputs: { data: [32, 3, 9, 9] } } as const;

  test('are shapes of blobs, and parameters and costs of layers', () => {
    const { nodes, edges } = read(draw(NET, { ...options, sizes: true }));
    expect(nodes.get('data_blob')).toContain('label="data\\n32×3×9×9"');
    expect(nodes.get('conv_Convolution')).toContain(
      'label="conv\\n(Convolution)\\nkernel 3x5, stride 2, pad 1\\nparameters: 920\\nmultiply-adds: 18 k"',
    );
    expect(nodes.get('conv_blob')).toContain('label="conv\\n32×20×5×4"');
    expect(nodes.get('pool_Pooling')).toContain('kernel global"');
    expect(edges).toContain('conv_Convolution conv_blob');
    expect(draw(NET, { ...options, sizes: true })).toContain('  label="983 parameters, 18.1 k multiply-adds per item";\n  labelloc=t;\n');
  });

  test('are in SVG unless they are not wanted, and never in DOT unless they are', async () => {
    const svg = draw(NET, { ...options, format: 'svg' });
    expect(svg).toContain('>32×20×5×4</text>');
    expect(svg).toContain('>983 parameters, 18.1 k multiply-adds per item</text>');
    await check(svg, 12);
    expect(draw(NET, { ...options, format: 'svg', batch: 4, sizes: false })).not.toContain('×');
    expect(draw(NET, options)).not.toContain('×');
  });

  test('that the text does not tell are left out', () => {
    const svg = draw(NET, { phase: 'train', format: 'svg' });
    expect(svg).toContain('>32</text>'); // labels; the pictures are as large as they are
    expect(svg).not.toContain('×');
    expect(svg).toContain('>20</text>');
  });
});

describeModels('published networks', () => {
  test.each(modelNames().filter((name) => !name.includes('solver')))('%s is drawn without overlaps', async (name) => {
    const options = { phase: 'train', stages: ['train'] } as const;
    await check(await drawNet(model(name), { ...options, format: 'svg' }), read(await drawNet(model(name), options)).nodes.size);
  });
});

describe('drawNet', () => {
  test('draws files of the first versions', async () => {
    const old =
      'name: "old" layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3 } }';
    expect(await drawNet(old)).toContain('conv\\n(Convolution)\\nkernel size: 3');
  });

  test('refuses a file that is not there', async () => {
    expect(await failureOf(drawNet('/nonexistent/net.prototxt'))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
    expect(await failureOf(drawNet(undefined as unknown as string))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  });
});
