/** What a lane waits for in JavaScript: how the wait ends, what the callback may do meanwhile, and what it cannot wait for itself. */
import { setTimeout as delay } from 'node:timers/promises';
import { caffe } from '../lib/caffe';
import { CaffeError } from '../lib/errors';
import { type LayerBlob, registerLayer } from '../lib/javascript-layer';
import { Net } from '../lib/net';
import { Solver } from '../lib/solver';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR } from './support/networks';

type Callback = (bottoms: LayerBlob[], tops: LayerBlob[]) => unknown;

/** What the layer `callback` does in its forward pass; each test sets it. */
let callback: Callback = () => {};
let reached: () => void = () => {};

registerLayer(
  'Callback',
  class {
    reshape(bottoms: LayerBlob[], tops: LayerBlob[]) {
      tops[0]?.reshape(...(bottoms[0]?.shape ?? []));
    }
    forward(bottoms: LayerBlob[], tops: LayerBlob[]) {
      tops[0]?.data.set(bottoms[0]?.data ?? []);
      reached();
      return callback(bottoms, tops) as Promise<void>;
    }
    backward() {}
  },
);

const CALLBACK = `name: "callback"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } }
  layer { name: "before" type: "Power" bottom: "data" top: "before" power_param { scale: 2 } }
  layer { name: "callback" type: "JavaScript" bottom: "before" top: "out" python_param { layer: "Callback" } }`;
const SOLVER = `net_param { ${CALLBACK}
  layer { name: "fc" type: "InnerProduct" bottom: "out" top: "fc" inner_product_param { num_output: 1 } }
  layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "fc" top: "loss" } } base_lr: 0.1 lr_policy: "fixed"`;

/** Never settles, and tells when the lane waits for it. */
function waitsForEver(): Promise<void> {
  return new Promise((resolve) => {
    reached = resolve;
    callback = () => new Promise(() => {});
  });
}

async function works(net: Net): Promise<void> {
  callback = () => {};
  expect((await net.forward({ data: [1, 2, 3] })).out?.data).toEqual(Float32Array.of(2, 4, 6));
}

beforeEach(() => {
  callback = () => {};
  reached = () => {};
});

describe('what a callback throws is the cause of the rejection:', () => {
  const frozen = Object.freeze({ message: 'frozen' });
  const hostile = Object.defineProperty(new Error(), 'message', {
    get() {
      throw new Error('not to be read');
    },
  });
  const known = new CaffeError('ERR_CAFFE_SHAPE', 'a shape');
  test.each([
    ['an error', new TypeError('wrong type'), 'wrong type'],
    ['a CaffeError', known, 'a shape'],
    ['a text', 'just text', 'just text'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 0, '0'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a frozen object', frozen, 'frozen'],
    ['an object without prototype', Object.create(null), ''],
    ['an error whose message cannot be read', hostile, ''],
    ['a function', works, ''],
  ])('%s', async (_, thrown, message) => {
    const net = await Net.from(CALLBACK);
    for (const fail of [
      () => {
        throw thrown;
      },
      () => Promise.reject(thrown),
    ]) {
      callback = fail;
      const failure = await failureOf(net.forward());
      expect(failure).toMatchObject({ name: 'CaffeError', code: 'ERR_CAFFE_CALLBACK', layer: 'callback' });
      expect(Object.hasOwn(failure, 'cause')).toBe(true);
      expect(failure.cause).toBe(thrown);
      expect(failure.message).toContain(message);
    }
    await works(net);
    await net.dispose();
  });

  test('a thenable that misbehaves', async () => {
    const net = await Net.from(CALLBACK);
    const misbehaves = [
      {
        // biome-ignore lint/suspicious/noThenProperty: that is the point
        get then() {
          throw new Error('no then');
        },
      },
      {
        // biome-ignore lint/suspicious/noThenProperty: that is the point
        then(_: unknown, reject: (reason: unknown) => void) {
          reject(new Error('no then'));
          reject(new Error('again'));
          throw new Error('and again');
        },
      },
    ];
    for (const thenable of misbehaves) {
      callback = () => thenable;
      expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_CALLBACK', cause: { message: 'no then' } });
    }
    await works(net);
    await net.dispose();
  });
});

describe('a callback that never settles is left', () => {
  test('by abort', async () => {
    const net = await Net.from(CALLBACK);
    const waiting = waitsForEver();
    const controller = new AbortController();
    const run = net.forward({}, { signal: controller.signal });
    await waiting;
    controller.abort('enough');
    expect(await failureOf(run)).toMatchObject({ name: 'AbortError', code: 'ERR_CAFFE_ABORTED', cause: 'enough' });
    await works(net);
    await net.dispose();
  });

  test('by an abort of its own', async () => {
    const net = await Net.from(CALLBACK);
    const controller = new AbortController();
    callback = () => {
      controller.abort();
      return new Promise(() => {});
    };
    expect(await failureOf(net.forward({}, { signal: controller.signal }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    await works(net);
    await net.dispose();
  });

  test('by dispose, which then finishes', async () => {
    const net = await Net.from(CALLBACK);
    const waiting = waitsForEver();
    const failure = failureOf(net.forward());
    await waiting;
    const queued = failureOf(net.forward());
    await net.dispose();
    expect(await failure).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    expect(await queued).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('by a dispose of its own', async () => {
    const net = await Net.from(CALLBACK);
    callback = async () => {
      await net.dispose();
    };
    expect(await failureOf(net.forward())).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    await net.dispose();
  });

  test('by abort of a solver’s step, which can go on', async () => {
    const solver = await Solver.from(SOLVER);
    await solver.step();
    const waiting = waitsForEver();
    const controller = new AbortController();
    const step = solver.step(3, { signal: controller.signal });
    await waiting;
    controller.abort();
    expect(await failureOf(step)).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    callback = () => {};
    expect(solver.iteration).toBe(1);
    expect((await solver.step()).iteration).toBe(2);
    await solver.dispose();
  });

  test('by dispose of a solver', async () => {
    const solver = await Solver.from(SOLVER);
    const waiting = waitsForEver();
    const failure = failureOf(solver.step());
    await waiting;
    await solver.dispose();
    expect(await failure).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('and when it settles later, nobody notices', async () => {
    const net = await Net.from(CALLBACK);
    const ends: ((failure?: Error) => void)[] = [];
    const late: Float32Array[] = [];
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController();
      callback = (_, tops) => {
        late.push(tops[0]?.data as Float32Array);
        setImmediate(() => controller.abort());
        return new Promise<void>((resolve, reject) => ends.push((failure) => (failure ? reject(failure) : resolve())));
      };
      await failureOf(net.forward({}, { signal: controller.signal }));
    }
    // What a left callback still holds is nobody's memory.
    expect(late.map((array) => array.length)).toEqual([0, 0, 0]);
    callback = async () => {
      ends[0]?.();
      ends[1]?.(new Error('late'));
      await delay(5);
    };
    expect((await net.forward({ data: [1, 2, 3] })).out?.data).toEqual(Float32Array.of(2, 4, 6));
    ends[2]?.();
    await works(net);
    await net.dispose();
  });

  test('but dispose waits for runs whose callbacks do not wait', async () => {
    const net = await Net.from(CALLBACK);
    const runs = [net.forward({ data: [1, 2, 3] }), net.forward({ data: [2, 3, 4] })];
    callback = async () => {};
    await net.dispose();
    expect((await Promise.all(runs)).map(({ out }) => out?.data[0])).toEqual([2, 4]);
  });

  test('and an abort lets the iteration finish whose callbacks do not wait', async () => {
    const solver = await Solver.from(SOLVER);
    const controller = new AbortController();
    callback = () => controller.abort();
    expect(await failureOf(solver.step(3, { signal: controller.signal }))).toMatchObject({ code: 'ERR_CAFFE_ABORTED' });
    expect(solver.iteration).toBe(1);
    await solver.dispose();
  });
});

describe('inside a callback', () => {
  test('the net is lent: values can be read and set, shapes stay', async () => {
    const net = await Net.from(`${CALLBACK} layer { name: "after" type: "Power" bottom: "data" top: "after" power_param { scale: 10 } }`);
    const run = net.forward({ data: [1, 2, 3] });
    expect(() => net.blobs.data?.data).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    callback = async () => {
      expect(net.blobs.before?.data).toEqual(Float32Array.of(2, 4, 6));
      expect(net.blobs.before?.shape).toEqual([1, 3]);
      expect((await net.blobs.before?.read())?.data).toEqual(Float32Array.of(2, 4, 6));
      net.blobs.data?.set([7, 8, 9]);
      await delay(5);
      (net.blobs.data?.data ?? [])[2] = 10;
      net.clearParamDiffs();
      for (const refused of [() => net.blobs.data?.reshape(1, 4), () => net.shareWith(net)]) {
        expect(refused).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY', hint: expect.stringContaining('shapes') }));
      }
    };
    expect((await run).after?.data).toEqual(Float32Array.of(70, 80, 100));
    await net.dispose();
  });

  test('and only there: once the run goes on, or the callback is left, the net is busy again', async () => {
    const net = await Net.from(`${CALLBACK}
      layer { name: "second" type: "JavaScript" bottom: "out" top: "second" python_param { layer: "Callback" } }`);
    const codes: (string | undefined)[] = [];
    const look = () => {
      try {
        codes.push(String(net.blobs.data?.shape));
      } catch (error) {
        codes.push((error as CaffeError).code);
      }
    };
    const controller = new AbortController();
    callback = () => {
      look();
      controller.abort();
      look();
    };
    expect((await failureOf(net.forward({}, { signal: controller.signal }))).code).toBe('ERR_CAFFE_ABORTED');
    callback = () => {};
    const run = net.forward({ data: [1, 2, 3] });
    look();
    expect((await run).second?.data).toEqual(Float32Array.of(2, 4, 6));
    look();
    expect(codes).toEqual(['1,3', 'ERR_CAFFE_BUSY', 'ERR_CAFFE_BUSY', '1,3']);
    await net.dispose();
  });

  test('a run of the same net or lane is refused at once, however deep it is asked for', async () => {
    const [net, other] = await Promise.all([Net.from(CALLBACK), Net.from(LINEAR)]);
    const codes: (string | undefined)[] = [];
    const attempt = async (work: () => Promise<unknown>) => codes.push((await failureOf(work())).code);
    callback = async () => {
      await attempt(() => net.forward());
      await attempt(() => net.reshape());
      await attempt(() => net.toBuffer());
      await attempt(() => other.forward({ data: [1, 2, 3] }));
      await attempt(() => other.blobs.fc?.read() ?? Promise.resolve());
      await attempt(() => other.dispose());
      await attempt(() => Net.from(LINEAR));
      await attempt(() => Solver.from(SOLVER));
      await delay(1);
      await new Promise<void>((resolve) => setImmediate(() => attempt(() => other.forward()).then(() => resolve())));
    };
    await net.forward();
    expect(codes).toEqual(new Array(9).fill('ERR_CAFFE_BUSY'));
    callback = async () => {
      await other.forward();
    };
    const failure = await failureOf(net.forward());
    expect(failure).toMatchObject({
      code: 'ERR_CAFFE_CALLBACK',
      cause: { code: 'ERR_CAFFE_BUSY', hint: expect.stringContaining('setLanes') },
    });
    // Not disposed by the attempt, and free again for whoever is outside.
    expect((await other.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
    await works(net);
    await Promise.all([net.dispose(), other.dispose()]);
  });

  test('while what others queue on the lane just waits', async () => {
    const [net, other] = await Promise.all([Net.from(CALLBACK), Net.from(LINEAR)]);
    let end: () => void = () => {};
    const waiting = new Promise<void>((resolve) => {
      reached = resolve;
    });
    callback = () =>
      new Promise<void>((resolve) => {
        end = resolve;
      });
    const run = net.forward();
    await waiting;
    const queued = other.forward({ data: [1, 2, 3] });
    await delay(5);
    end();
    expect((await queued).fc?.data[0]).toBe(6.5);
    await run;
    await Promise.all([net.dispose(), other.dispose()]);
  });

  test('what is asked for in it and comes later just waits, too', async () => {
    const net = await Net.from(CALLBACK);
    let later: Promise<unknown> | undefined;
    callback = () => {
      later ??= delay(20).then(() => net.forward({ data: [3, 3, 3] }));
    };
    await net.forward({ data: [1, 2, 3] });
    expect(await later).toMatchObject({ out: { data: Float32Array.of(6, 6, 6) } });
    await net.dispose();
  });

  describe('with two lanes', () => {
    beforeAll(() => caffe.setLanes(2));
    afterAll(() => caffe.setLanes(1));

    test('nets of the other one can be awaited, and made', async () => {
      const [net, other] = [await Net.from(CALLBACK), await Net.from(LINEAR)];
      callback = async (_, tops) => {
        const { fc } = await other.forward({ data: [1, 2, 3] });
        const fresh = [await Net.from(LINEAR), await Net.from(LINEAR)];
        const results = await Promise.all(fresh.map((one) => one.forward({ data: [1, 1, 1] })));
        for (const one of fresh) await one.dispose();
        tops[0]?.data.set([fc?.data[0] ?? 0, ...results.map((one) => one.fc?.data[0] ?? 0)]);
      };
      expect((await net.forward()).out?.data).toEqual(Float32Array.of(6.5, 3.5, 3.5));
      await Promise.all([net.dispose(), other.dispose()]);
    });

    test('a circle of callbacks is refused', async () => {
      const [first, second] = [await Net.from(CALLBACK), await Net.from(CALLBACK)];
      const codes: unknown[] = [];
      let depth = 0;
      callback = async () => {
        const level = ++depth;
        if (level === 1) await second.forward();
        if (level === 2) codes.push((await failureOf(first.forward())).code, (await failureOf(second.forward())).code);
      };
      await first.forward();
      expect(codes).toEqual(['ERR_CAFFE_BUSY', 'ERR_CAFFE_BUSY']);
      await Promise.all([first.dispose(), second.dispose()]);
    });

    test('a net that shares its parameters with the waiting one is refused', async () => {
      const text = `${CALLBACK} layer { name: "fc" type: "InnerProduct" bottom: "out" top: "fc" inner_product_param { num_output: 1 } }`;
      const [net, other] = [await Net.from(text), await Net.from(text)];
      other.shareWith(net);
      callback = async () => {
        expect(await failureOf(other.forward())).toMatchObject({ code: 'ERR_CAFFE_BUSY' });
      };
      await net.forward();
      await Promise.all([net.dispose(), other.dispose()]);
    });

    test('a net that stands behind one of those is refused, too', async () => {
      // By turns: the first and the third on one lane, the others on the second.
      const [net, sharing, , behind] = [await Net.from(CALLBACK), await Net.from(CALLBACK), await Net.from(LINEAR), await Net.from(LINEAR)];
      sharing.shareWith(net);
      let end: () => void = () => {};
      const gate = new Promise<void>((resolve) => {
        end = resolve;
      });
      const waiting = new Promise<void>((resolve) => {
        reached = resolve;
      });
      callback = async () => {
        callback = () => {};
        await gate;
        expect(await failureOf(behind.forward())).toMatchObject({ code: 'ERR_CAFFE_BUSY' });
      };
      const run = net.forward();
      await waiting;
      const queued = sharing.forward({ data: [1, 2, 3] });
      end();
      await run;
      expect((await queued).out?.data).toEqual(Float32Array.of(2, 4, 6));
      expect((await behind.forward({ data: [1, 2, 3] })).fc?.data[0]).toBe(6.5);
      await Promise.all([net.dispose(), sharing.dispose(), behind.dispose()]);
    });
  });
});

describe('a process ends in good order when it', () => {
  test.each([
    'returns while a callback never settles',
    'terminates workers that wait for a callback',
    'terminates workers that are stuck in a callback',
    'lets a worker end by itself while a callback never settles',
    'lets a worker exit inside a callback',
    'fails to make nets and leaves runs a thousand times',
    'aborts a callback that nothing else keeps alive',
  ])('%s', async (way) => {
    expect(await runChild('callbacks.js', way, ['--expose-gc'])).toEqual({ code: 0, signal: null, stdout: 'fine\n', stderr: '' });
  });

  test('calls process.exit inside a callback', async () => {
    expect(await runChild('callbacks.js', 'calls process.exit inside a callback')).toEqual({
      code: 7,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });

  test('calls process.exit while a callback is awaited', async () => {
    expect(await runChild('callbacks.js', 'calls process.exit while a callback is awaited')).toEqual({
      code: 7,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });
});
