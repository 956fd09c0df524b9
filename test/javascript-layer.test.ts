/** Layers written in TypeScript, against Caffe's own and against plain arithmetic. */
import { caffe } from '../lib/caffe';
import { JavaScriptLayer, type LayerBlob, registerLayer } from '../lib/javascript-layer';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { failureOf } from './support/failure';
import { temporaryFolder } from './support/folders';
import { relativeError, wave } from './support/shared';

const inFolder = temporaryFolder();

/** A net of one JavaScript layer over an input of 2×3. */
function oneLayer(layer: string, extra = ''): string {
  return `name: "one" force_backward: true
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } }
    layer { name: "custom" type: "JavaScript" bottom: "data" top: "out" python_param { layer: "${layer}" ${extra} } }`;
}

class Scale extends JavaScriptLayer {
  override setup() {
    const factor = this.addParam(1);
    factor.data.fill(Number(this.paramString || 1));
  }
  reshape([bottom]: LayerBlob[], [top]: LayerBlob[]) {
    top?.reshape(...(bottom?.shape ?? []));
  }
  forward([bottom]: LayerBlob[], [top]: LayerBlob[]) {
    const factor = this.params[0]?.data[0] ?? Number.NaN;
    const { data } = bottom as LayerBlob;
    top?.data.set(data.map((value) => value * factor));
  }
  override backward([top]: LayerBlob[], [propagate]: boolean[], [bottom]: LayerBlob[]) {
    const factor = this.params[0] as LayerBlob;
    const { diff } = top as LayerBlob;
    const { data } = bottom as LayerBlob;
    factor.diff[0] = (factor.diff[0] ?? 0) + diff.reduce((sum, value, index) => sum + value * (data[index] ?? 0), 0);
    const scale = factor.data[0] ?? 0;
    if (propagate && bottom) bottom.diff = diff.map((value) => value * scale);
  }
}

/** The example of pycaffe's documentation. */
class EuclideanLoss extends JavaScriptLayer {
  #difference = new Float32Array();
  override setup(bottoms: LayerBlob[]) {
    if (bottoms.length !== 2) throw new Error('Need two inputs to compute distance.');
  }
  reshape(bottoms: LayerBlob[], [top]: LayerBlob[]) {
    const [first, second] = bottoms as [LayerBlob, LayerBlob];
    if (first.count !== second.count) throw new Error('Inputs must have the same dimension.');
    top?.reshape(1);
  }
  async forward(bottoms: LayerBlob[], [top]: LayerBlob[]) {
    const [first, second] = bottoms as [LayerBlob, LayerBlob];
    const other = second.data;
    this.#difference = first.data.map((value, index) => value - (other[index] ?? Number.NaN));
    const sum = this.#difference.reduce((total, value) => total + value * value, 0);
    if (top) top.data = [sum / (first.shape[0] ?? 1) / 2];
  }
  override async backward([top]: LayerBlob[], propagateDown: boolean[], bottoms: LayerBlob[]) {
    const weight = top?.diff[0] ?? 0;
    for (const [index, bottom] of bottoms.entries()) {
      if (!propagateDown[index]) continue;
      const scale = ((index === 0 ? 1 : -1) * weight) / (bottom.shape[0] ?? 1);
      bottom.diff.set(this.#difference.map((value) => scale * value));
    }
  }
}

registerLayer('Scale', Scale);
registerLayer('EuclideanLoss', EuclideanLoss);

describe('registerLayer', () => {
  test('is seen among the layer types', () => {
    expect(caffe.layerTypes).toContain('JavaScript');
  });

  test('gives a layer its name, phase and param_str', async () => {
    const seen: unknown[] = [];
    registerLayer(
      'Facts',
      class extends Scale {
        override setup() {
          seen.push([this.name, this.phase, this.paramString, this.params.length]);
        }
        override forward() {}
      },
    );
    for (const phase of ['train', 'test'] as const) await (await Net.from(oneLayer('Facts', 'param_str: "{ a: 1 }"'), { phase })).dispose();
    expect(seen).toEqual([
      ['custom', 'train', '{ a: 1 }', 0],
      ['custom', 'test', '{ a: 1 }', 0],
    ]);
  });

  test('takes a plain class without setup and backward', async () => {
    registerLayer(
      'Plain',
      class {
        reshape(bottoms: LayerBlob[], tops: LayerBlob[]) {
          tops[0]?.reshape(bottoms[0]?.count ?? 0);
        }
        forward(bottoms: LayerBlob[], tops: LayerBlob[]) {
          tops[0]?.data.set(bottoms[0]?.data.map((value) => -value) ?? []);
        }
      },
    );
    const net = await Net.from(oneLayer('Plain'));
    expect(await net.forward({ data: [1, 2, 3, 4, 5, 6] })).toMatchObject({
      out: { shape: [6], data: Float32Array.of(-1, -2, -3, -4, -5, -6) },
    });
    expect(await failureOf(net.backward({ out: new Float32Array(6) }))).toMatchObject({
      code: 'ERR_CAFFE_UNSUPPORTED',
      layer: 'custom',
      hint: expect.stringContaining('propagate_down'),
    });
    expect((await net.forward()).out?.data[5]).toBe(-6);
    await net.dispose();
  });

  test('counts again for nets made afterwards', async () => {
    const registerFactor = (factor: number) =>
      registerLayer(
        'Replaced',
        class extends Scale {
          override setup() {
            this.addParam(1).data.fill(factor);
          }
        },
      );
    registerFactor(2);
    const before = await Net.from(oneLayer('Replaced'));
    registerFactor(3);
    const after = await Net.from(oneLayer('Replaced'));
    expect((await before.forward({ data: [1, 1, 1, 1, 1, 1] })).out?.data[0]).toBe(2);
    expect((await after.forward({ data: [1, 1, 1, 1, 1, 1] })).out?.data[0]).toBe(3);
    await Promise.all([before.dispose(), after.dispose()]);
  });

  const trap = new Proxy(class {}, {
    get() {
      throw new Error('a trap');
    },
  });
  const oddBackward = class extends Scale {};
  Object.assign(oddBackward.prototype, { backward: 1 });
  test.each([
    ['an empty name', '', Scale],
    ['a name that is no text', 7, Scale],
    ['no class', 'X', undefined],
    ['an object', 'X', {}],
    ['an arrow function', 'X', () => {}],
    [
      'a class without forward',
      'X',
      class {
        reshape() {}
      },
    ],
    [
      'a class without reshape',
      'X',
      class {
        forward() {}
      },
    ],
    ['a class whose backward is no method', 'X', oddBackward],
    ['a Proxy whose traps throw', 'X', trap],
  ])('refuses %s', (_, name, layer) => {
    expect(() => registerLayer(name as string, layer as never)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_INPUT' }));
  });

  test('a class that is not registered is refused with the names that are', async () => {
    const failure = await failureOf(Net.from(oneLayer('Sclae')));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', layer: 'custom', hint: expect.stringMatching(/EuclideanLoss, .*Scale/) });
    expect(failure.message).toContain("'Sclae'");
    expect(await failureOf(Net.from(oneLayer('')))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', layer: 'custom' });
    const solver = await failureOf(Solver.from(`net_param { ${oneLayer('Sclae')} } base_lr: 1 lr_policy: "fixed"`));
    expect(solver).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', layer: 'custom' });
  });

  test("pycaffe's own prototxt works, by module and layer or by layer alone", async () => {
    const python = oneLayer('ByModule', 'module: "pylayers" param_str: "5"').replace('JavaScript', 'Python');
    registerLayer('ByModule', Scale);
    const alone = await Net.from(python);
    registerLayer(
      'pylayers.ByModule',
      class extends Scale {
        override forward(_: LayerBlob[], [top]: LayerBlob[]) {
          top?.data.fill(42);
        }
      },
    );
    const byModule = await Net.from(python);
    expect((await alone.forward({ data: [1, 2, 3, 4, 5, 6] })).out?.data[1]).toBe(10);
    expect((await byModule.forward()).out?.data[1]).toBe(42);
    expect(byModule.layers[1]?.type).toBe('Python');
    await Promise.all([alone.dispose(), byModule.dispose()]);
  });
});

describe('a layer in a net', () => {
  test('adds parameters, which are seen, saved, loaded and shared', async () => {
    const net = await Net.from(oneLayer('Scale', 'param_str: "2.5"'));
    expect(net.params.custom?.map((param) => param.shape)).toEqual([[1]]);
    expect((await net.forward({ data: [1, 2, 3, 4, 5, 6] })).out?.data).toEqual(Float32Array.of(2.5, 5, 7.5, 10, 12.5, 15));
    const file = inFolder('scale.caffemodel');
    net.params.custom?.[0]?.set([4]);
    await net.save(file);
    const loaded = await Net.from(oneLayer('Scale'), { weights: file });
    expect((await loaded.forward({ data: [1, 2, 3, 4, 5, 6] })).out?.data[5]).toBe(24);
    const sharing = await Net.from(oneLayer('Scale'));
    sharing.shareWith(net);
    net.params.custom?.[0]?.set([10]);
    expect((await sharing.forward({ data: [1, 2, 3, 4, 5, 6] })).out?.data[0]).toBe(10);
    await Promise.all([net.dispose(), loaded.dispose(), sharing.dispose()]);
  });

  test('keeps the parameters that the network file brings along', async () => {
    const withBlobs = oneLayer('Scale', 'param_str: "2"').replace(/ \}$/, ' blobs { shape { dim: 1 } data: 7 } }').replace('} }', '} }');
    const net = await Net.from(withBlobs);
    expect(net.params.custom?.map((param) => [...param.data])).toEqual([[7]]);
    await net.dispose();
    const other = await failureOf(Net.from(withBlobs.replace('dim: 1 } data: 7', 'dim: 2 } data: 7 data: 8')));
    expect(other).toMatchObject({ code: 'ERR_CAFFE_WEIGHTS', layer: 'custom' });
  });

  test('computes the gradients of Caffe’s Scale layer', async () => {
    const caffeNet = await Net.from(
      oneLayer('Scale').replace(
        /type: "JavaScript".*$/,
        'type: "Scale" bottom: "data" top: "out" scale_param { axis: 0 num_axes: 0 filler { value: 1.5 } } }',
      ),
    );
    const ours = await Net.from(oneLayer('Scale', 'param_str: "1.5"'));
    const data = wave(6, 0.7);
    const diff = wave(6, 1.3);
    for (const net of [caffeNet, ours]) await net.forward({ data });
    const [expected, actual] = await Promise.all([caffeNet, ours].map((net) => net.backward({ out: diff }, { blobs: ['data'] })));
    expect(relativeError(actual?.data?.data ?? [], expected?.data?.data ?? [])).toBeLessThan(1e-6);
    expect(relativeError(ours.params.custom?.[0]?.diff ?? [], caffeNet.params.custom?.[0]?.diff ?? [])).toBeLessThan(1e-6);
    // Gradients of parameters add up, in both.
    for (const net of [caffeNet, ours]) await net.backward({ out: diff });
    expect(relativeError(ours.params.custom?.[0]?.diff ?? [], caffeNet.params.custom?.[0]?.diff ?? [])).toBeLessThan(1e-6);
    await Promise.all([caffeNet.dispose(), ours.dispose()]);
  });

  test('takes new shapes, by reshape and with an input', async () => {
    const net = await Net.from(oneLayer('Scale', 'param_str: "2"'));
    net.blobs.data?.reshape(1, 4);
    await net.reshape();
    expect(net.blobs.out?.shape).toEqual([1, 4]);
    const { out } = await net.forward({ data: { shape: [3, 1, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) } });
    expect(out).toMatchObject({ shape: [3, 1, 2], data: Float32Array.of(2, 4, 6, 8, 10, 12) });
    await net.dispose();
  });

  test('may give its top another shape in each forward pass; what lies above follows', async () => {
    registerLayer(
      'Positives',
      class extends JavaScriptLayer {
        reshape(_: LayerBlob[], [top]: LayerBlob[]) {
          top?.reshape(1);
        }
        forward([bottom]: LayerBlob[], [top]: LayerBlob[]) {
          const chosen = bottom?.data.filter((value) => value > 0) ?? new Float32Array();
          top?.reshape(chosen.length);
          if (top) top.data = chosen;
        }
      },
    );
    const net = await Net.from(
      `${oneLayer('Positives')} layer { name: "twice" type: "Power" bottom: "out" top: "twice" power_param { scale: 2 } }`,
    );
    expect((await net.forward({ data: [1, -1, 2, -2, 3, -3] })).twice).toMatchObject({ shape: [3], data: Float32Array.of(2, 4, 6) });
    expect((await net.forward({ data: [1, 1, 2, -2, 3, -3] })).twice?.shape).toEqual([4]);
    // Computed only as far as the layer, those above still have the former shape: no backward pass through them.
    await net.forward({ data: [1, 1, 2, 2, 3, 3] }, { end: 'custom' });
    expect(await failureOf(net.backward({ twice: [1, 1, 1, 1, 1, 1] }, { end: 'twice' }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE' });
    expect(await failureOf(net.backward({}, { end: 'twice' }))).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'twice' });
    expect((await net.forward({}, { start: 'twice' })).twice?.data).toEqual(Float32Array.of(2, 2, 4, 4, 6, 6));
    expect((await net.backward({ twice: [1, 1, 1, 1, 1, 1] }, { end: 'twice', blobs: ['out'] })).out?.data).toEqual(
      new Float32Array(6).fill(2),
    );
    expect((await net.forward({ data: [1, -1, -1, -1, -1, -1] })).twice?.data).toEqual(Float32Array.of(2));
    await net.dispose();
  });

  test('hands arrays that are empty once the call is over', async () => {
    const kept: { arrays: Float32Array[]; blobs: LayerBlob[] } = { arrays: [], blobs: [] };
    registerLayer(
      'Keeper',
      class extends Scale {
        override forward(bottoms: LayerBlob[], tops: LayerBlob[]) {
          super.forward(bottoms, tops);
          kept.blobs = [...bottoms, ...tops, ...this.params];
          kept.arrays = kept.blobs.map((blob) => blob.data);
          expect(bottoms[0]?.data).toBe(kept.arrays[0]);
        }
      },
    );
    const net = await Net.from(oneLayer('Keeper', 'param_str: "3"'));
    const { out } = await net.forward({ data: [1, 2, 3, 4, 5, 6] });
    expect(out?.data[5]).toBe(18);
    expect(kept.arrays.map((array) => array.length)).toEqual([0, 0, 0]);
    for (const blob of kept.blobs) {
      expect(() => blob.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY', layer: 'custom' }));
      expect(() => blob.shape).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
      expect(() => blob.reshape(1)).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    }
    expect(net.blobs.out?.data[5]).toBe(18);
    await net.dispose();
  });

  test('passes NaN on, which the caller sees', async () => {
    registerLayer(
      'NotANumber',
      class extends Scale {
        override forward(_: LayerBlob[], [top]: LayerBlob[]) {
          top?.data.fill(Number.NaN);
        }
      },
    );
    const net = await Net.from(
      `${oneLayer('NotANumber').replace('dim: 2 dim: 3', 'dim: 1 dim: 1 dim: 4 dim: 4')}
       layer { name: "pool" type: "Pooling" bottom: "out" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }`,
    );
    await net.forward({ data: wave(16, 1) });
    expect(await failureOf(net.backward({ pool: [1, 1, 1, 1] }))).toMatchObject({ code: 'ERR_CAFFE_DIVERGED', layer: 'pool' });
    await net.dispose();
  });
});

describe('a layer that does wrong rejects the run with its name, and the net runs again:', () => {
  /** A Scale whose method does something else while `wrong.now` is set. */
  function faulty(
    method: 'setup' | 'reshape' | 'forward' | 'backward',
    fault: (bottoms: LayerBlob[], tops: LayerBlob[], layer: Scale) => unknown,
  ) {
    const wrong = { now: false };
    const name = `Faulty ${method} ${Math.random()}`;
    registerLayer(
      name,
      class extends Scale {
        override setup() {
          if (method === 'setup' && wrong.now) return fault([], [], this) as undefined;
          return super.setup();
        }
        override reshape(bottoms: LayerBlob[], tops: LayerBlob[]) {
          if (method === 'reshape' && wrong.now) return fault(bottoms, tops, this) as undefined;
          return super.reshape(bottoms, tops);
        }
        override forward(bottoms: LayerBlob[], tops: LayerBlob[]) {
          if (method === 'forward' && wrong.now) return fault(bottoms, tops, this) as undefined;
          return super.forward(bottoms, tops);
        }
        override backward(tops: LayerBlob[], propagate: boolean[], bottoms: LayerBlob[]) {
          if (method === 'backward' && wrong.now) return fault(bottoms, tops, this) as undefined;
          return super.backward(tops, propagate, bottoms);
        }
      },
    );
    return { name, wrong };
  }

  const throwing = () => {
    throw new RangeError('on purpose');
  };
  const DATA = [1, 2, 3, 4, 5, 6];

  test.each([
    ['forward', throwing],
    ['forward', async () => throwing()],
    ['backward', throwing],
    ['backward', async () => throwing()],
    ['reshape', throwing],
    ['reshape', async () => throwing()],
  ] as const)('%s throws (%#)', async (method, fault) => {
    const { name, wrong } = faulty(method, fault);
    const net = await Net.from(oneLayer(name, 'param_str: "2"'));
    await net.forward({ data: DATA });
    wrong.now = true;
    const failure = await failureOf(method === 'backward' ? net.backward({ out: DATA }) : net.forward({ data: DATA }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', layer: 'custom', cause: { message: 'on purpose' } });
    expect(failure.cause).toBeInstanceOf(RangeError);
    expect(failure.message).toMatch(new RegExp(`custom.*${method}.*on purpose`));
    if (method === 'reshape') {
      net.blobs.data?.reshape(1, 6);
      expect(await failureOf(net.reshape())).toMatchObject({
        code: 'ERR_CAFFE_CALLBACK',
        layer: 'custom',
        cause: { message: 'on purpose' },
      });
    }
    wrong.now = false;
    expect((await net.forward({ data: DATA })).out?.data).toEqual(Float32Array.from(DATA, (value) => 2 * value));
    expect((await net.backward({ out: DATA }, { blobs: ['data'] })).data?.data[5]).toBe(12);
    await net.dispose();
  });

  test('setup or the constructor throws, and the net is not made', async () => {
    const { name, wrong } = faulty('setup', throwing);
    wrong.now = true;
    expect(await failureOf(Net.from(oneLayer(name)))).toMatchObject({
      code: 'ERR_CAFFE_CALLBACK',
      layer: 'custom',
      cause: { message: 'on purpose' },
    });
    registerLayer(
      'Stillborn',
      class extends Scale {
        constructor() {
          super();
          throwing();
        }
      },
    );
    expect(await failureOf(Net.from(oneLayer('Stillborn')))).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', layer: 'custom' });
    wrong.now = false;
    await (await Net.from(oneLayer(name))).dispose();
  });

  test('a top without a shape', async () => {
    const { name, wrong } = faulty('reshape', () => {});
    wrong.now = true;
    const failure = await failureOf(Net.from(oneLayer(name)));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_SHAPE', layer: 'custom', hint: expect.stringContaining('tops[0].reshape') });
    expect(failure.message).toContain("'out'");
  });

  test.each([
    ['a negative extent', ([, top]) => top?.reshape(-1), 'ERR_CAFFE_SHAPE'],
    ['an extent of 0', ([, top]) => top?.reshape(0, 3), 'ERR_CAFFE_SHAPE'],
    ['2^31 values', ([, top]) => top?.reshape(2 ** 16, 2 ** 15), 'ERR_CAFFE_SHAPE'],
    ['33 axes', ([, top]) => top?.reshape(...new Array<number>(33).fill(1)), 'ERR_CAFFE_SHAPE'],
    ['extents that are no integers', ([, top]) => top?.reshape(1.5), 'ERR_CAFFE_INPUT'],
    ['extents that are no numbers', ([, top]) => top?.reshape('2' as never), 'ERR_CAFFE_INPUT'],
    ['another shape for a bottom', ([bottom]) => bottom?.reshape(6), 'ERR_CAFFE_SHAPE'],
    ['values that do not fill the blob', ([, top]) => Object.assign(top as LayerBlob, { data: [1] }), 'ERR_CAFFE_INPUT'],
    ['values that are no numbers', ([, top]) => Object.assign(top as LayerBlob, { data: 'abcdef' }), 'ERR_CAFFE_INPUT'],
    ['a parameter outside of setup', (_, layer) => layer.addParam(1), 'ERR_CAFFE_INPUT'],
    ['a parameter of another shape', (_, layer) => layer.params[0]?.reshape(2), 'ERR_CAFFE_SHAPE'],
  ] as [string, (blobs: LayerBlob[], layer: Scale) => unknown, string][])('%s', async (_, act, code) => {
    const { name, wrong } = faulty('forward', (bottoms, tops, layer) => act([...bottoms, ...tops], layer));
    const net = await Net.from(oneLayer(name, 'param_str: "2"'));
    wrong.now = true;
    expect(await failureOf(net.forward({ data: DATA }))).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', layer: 'custom', cause: { code } });
    wrong.now = false;
    expect((await net.forward({ data: DATA })).out?.data[5]).toBe(12);
    await net.dispose();
  });

  test('a new shape in the backward pass', async () => {
    const { name, wrong } = faulty('backward', (_, tops) => tops[0]?.reshape(1));
    const net = await Net.from(oneLayer(name));
    await net.forward({ data: DATA });
    wrong.now = true;
    expect(await failureOf(net.backward({ out: DATA }))).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', cause: { code: 'ERR_CAFFE_SHAPE' } });
    wrong.now = false;
    expect(net.blobs.out?.shape).toEqual([2, 3]);
    await net.dispose();
  });

  test('in place', async () => {
    expect(await failureOf(Net.from(oneLayer('Scale').replace('top: "out"', 'top: "data"')))).toMatchObject({
      code: 'ERR_CAFFE_PROTOTXT',
      layer: 'custom',
    });
  });
});

describe('a layer in a solver', () => {
  const network = (loss: string) => `
    layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 4 dim: 3 } } }
    layer { name: "target" type: "Input" top: "target" input_param { shape { dim: 4 dim: 2 } } }
    layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "constant" value: 0.1 } } }
    layer { name: "loss" ${loss} bottom: "fc" bottom: "target" top: "loss" loss_weight: 1 }`;
  const CAFFE = 'type: "EuclideanLoss"';
  const OURS = 'type: "JavaScript" python_param { module: "pyloss" layer: "EuclideanLoss" }';

  async function trained(loss: string) {
    const solver = await Solver.from(
      `net_param { ${network(loss)} } test_state { } test_iter: 2 test_interval: 5 base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" max_iter: 20 snapshot_prefix: "${inFolder('s')}"`,
    );
    for (const net of [solver.net, ...solver.testNets]) {
      net.blobs.data?.set(wave(12, 0.9));
      net.blobs.target?.set(wave(8, 1.7));
    }
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) losses.push((await solver.step(1)).loss);
    const tested = (await solver.test()).loss?.data[0] ?? Number.NaN;
    const weights = (await solver.net.params.fc?.[0]?.read())?.data ?? new Float32Array();
    const diffs = (await solver.net.params.fc?.[0]?.read('diff'))?.data ?? new Float32Array();
    await solver.dispose();
    return { losses, tested, weights, diffs };
  }

  test('trains as with Caffe’s own loss, and tests', async () => {
    const expected = await trained(CAFFE);
    const actual = await trained(OURS);
    expect(relativeError(actual.losses, expected.losses)).toBeLessThan(1e-5);
    expect(relativeError(actual.weights, expected.weights)).toBeLessThan(1e-5);
    expect(relativeError(actual.diffs, expected.diffs)).toBeLessThan(1e-4);
    expect(relativeError([actual.tested], [expected.tested])).toBeLessThan(1e-4);
    expect(actual.losses[19]).toBeLessThan((actual.losses[0] ?? 0) / 3);
  });

  test('learns its own parameters', async () => {
    const solver = await Solver.from(`net_param {
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
      layer { name: "target" type: "Input" top: "target" input_param { shape { dim: 1 dim: 4 } } }
      layer { name: "scale" type: "JavaScript" bottom: "data" top: "out" python_param { layer: "Scale" param_str: "1" } }
      layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "target" top: "loss" } } base_lr: 0.1 lr_policy: "fixed"`);
    solver.net.blobs.data?.set([1, -1, 0.5, 1]);
    solver.net.blobs.target?.set([3, -3, 1.5, 3]);
    await solver.step(60);
    expect(solver.net.params.scale?.[0]?.data[0]).toBeCloseTo(3, 3);
    await solver.dispose();
  });

  test('snapshots its parameters and goes on from them; the test net uses those of the train net', async () => {
    const text = `net_param {
      layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
      layer { name: "target" type: "Input" top: "target" input_param { shape { dim: 1 dim: 4 } } }
      layer { name: "scale" type: "JavaScript" bottom: "data" top: "out" python_param { layer: "Scale" param_str: "1" } }
      layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "target" top: "loss" } }
      test_state { } test_iter: 1 test_interval: 1000 base_lr: 0.1 momentum: 0.9 lr_policy: "fixed" snapshot_prefix: "${inFolder('scale')}"`;
    const [first, second] = [await Solver.from(text), await Solver.from(text)];
    const feed = (solver: Solver) => {
      for (const net of [solver.net, ...solver.testNets]) {
        net.blobs.data?.set([1, -1, 0.5, 1]);
        net.blobs.target?.set([3, -3, 1.5, 3]);
      }
    };
    feed(first);
    await first.step(5);
    const { state } = await first.snapshot();
    const learned = first.net.params.scale?.[0]?.data[0] ?? Number.NaN;
    expect(learned).not.toBe(1);
    await second.restore(state);
    feed(second);
    expect(second.net.params.scale?.[0]?.data[0]).toBe(learned);
    for (const solver of [first, second]) {
      await solver.test();
      expect(solver.testNets[0]?.blobs.out?.data[0]).toBe(learned);
    }
    expect((await second.step(5)).loss).toBe((await first.step(5)).loss);
    expect(second.net.params.scale?.[0]?.data[0]).toBe(first.net.params.scale?.[0]?.data[0]);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test('two layers share a parameter by name, and their gradients add up', async () => {
    const scale = (name: string, bottom: string) =>
      `layer { name: "${name}" type: "JavaScript" bottom: "${bottom}" top: "${name}" param { name: "factor" }
         python_param { layer: "Scale" param_str: "3" } }`;
    const net = await Net.from(
      `force_backward: true
       layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } } ${scale('a', 'data')} ${scale('b', 'a')}`,
      { phase: 'train' },
    );
    expect((await net.forward({ data: [1, 2] })).b?.data).toEqual(Float32Array.of(9, 18));
    net.params.b?.[0]?.set([2]);
    expect((await net.forward()).b?.data).toEqual(Float32Array.of(4, 8));
    // d(f² x)/df = 2 f x
    await net.backward({ b: [1, 1] });
    expect(net.params.a?.[0]?.diff[0]).toBe(12);
    await net.dispose();
  });

  test('a loss whose shape changes keeps its weight', async () => {
    registerLayer(
      'Sums',
      class extends JavaScriptLayer {
        reshape([bottom]: LayerBlob[], [top]: LayerBlob[]) {
          top?.reshape(bottom?.shape[0] ?? 1);
        }
        forward([bottom]: LayerBlob[], [top]: LayerBlob[]) {
          const width = bottom?.shape[1] ?? 1;
          top?.data.fill(0);
          bottom?.data.forEach((value, index) => {
            if (top) top.data[Math.floor(index / width)] = (top.data[Math.floor(index / width)] ?? 0) + value;
          });
        }
        override backward([top]: LayerBlob[], _: boolean[], [bottom]: LayerBlob[]) {
          const width = bottom?.shape[1] ?? 1;
          const diff = top?.diff ?? [];
          bottom?.diff.forEach((_value, index, all) => {
            all[index] = diff[Math.floor(index / width)] ?? 0;
          });
        }
      },
    );
    const net = await Net.from(oneLayer('Sums').replace('top: "out"', 'top: "out" loss_weight: 0.5'), { phase: 'train' });
    await net.forward({ data: { shape: [5, 3], data: wave(15, 1) } });
    expect((await net.backward()).data?.data).toEqual(new Float32Array(15).fill(0.5));
    await net.dispose();
  });

  test('what it throws rejects the step, and the solver goes on', async () => {
    let wrong = false;
    registerLayer(
      'MoodyLoss',
      class extends EuclideanLoss {
        override async forward(bottoms: LayerBlob[], tops: LayerBlob[]) {
          if (wrong) throw new Error('in a bad mood');
          return super.forward(bottoms, tops);
        }
      },
    );
    const solver = await Solver.from(
      `net_param { ${network(OURS.replace('EuclideanLoss', 'MoodyLoss'))} } base_lr: 0.05 lr_policy: "fixed"`,
    );
    solver.net.blobs.data?.set(wave(12, 0.9));
    const { iteration } = await solver.step(2);
    wrong = true;
    expect(await failureOf(solver.step())).toMatchObject({
      code: 'ERR_CAFFE_CALLBACK',
      layer: 'loss',
      cause: { message: 'in a bad mood' },
    });
    wrong = false;
    expect(solver.iteration).toBe(iteration);
    expect((await solver.step()).iteration).toBe(iteration + 1);
    await solver.dispose();
  });
});
