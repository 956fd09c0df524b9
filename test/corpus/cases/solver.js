// Solver: settings, steps, tests, snapshots, callbacks.
const { mkdirSync, writeFileSync } = require('node:fs');
const { Net, Solver } = require('../../..');
const { NO_OPTIONS, cyclic, each, inconvertible, thrower, throwing } = require('../support/hostile');
const { CLASSIFIER, LINEAR } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const PROTOTXT = 'ERR_CAFFE_PROTOTXT';
const REFUSED = [PROTOTXT, 'ERR_CAFFE_FATAL', INPUT];
const SETTINGS = 'base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 random_seed: 1';
const DATA = { data: Float32Array.from({ length: 32 }, (_, index) => Math.sin(index)), label: Float32Array.of(0, 1) };

const text = (settings = SETTINGS) => `net_param { ${CLASSIFIER} } ${settings}`;

function feed(net) {
  net.blobs.data.set(DATA.data);
  net.blobs.label.set(DATA.label);
}

async function withSolver(settings, use) {
  const solver = await Solver.from(text(settings));
  try {
    feed(solver.net);
    return await use(solver);
  } finally {
    await solver.dispose();
  }
}

const disposed = (use) => async () => {
  const solver = await Solver.from(text());
  await solver.dispose();
  return use(solver);
};

/** Uses the solver while it steps. */
const busy =
  (use) =>
  async ({ solver }) => {
    const run = solver.step(3);
    try {
      return await use(solver);
    } finally {
      await run;
    }
  };

const from = (name, code, settings) => ({ api: 'Solver.from', name, code, run: () => Solver.from(text(settings)) });

const loading = [
  {
    api: 'Solver.load',
    name: 'a path of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: () => each((path) => Solver.load(path)),
  },
  {
    api: 'Solver.load',
    name: 'a file that does not exist',
    code: 'ERR_CAFFE_FILE',
    run: ({ folder }) => Solver.load(`${folder}/none.prototxt`),
  },
  { api: 'Solver.load', name: 'a folder', code: 'ERR_CAFFE_FILE', run: ({ folder }) => Solver.load(folder) },
  {
    api: 'Solver.load',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ file }) => each((options) => Solver.load(file, options), ...NO_OPTIONS),
  },
  {
    api: 'Solver.load',
    name: 'a net that does not exist',
    code: ['ERR_CAFFE_FILE', ...REFUSED],
    run: ({ folder }) => {
      writeFileSync(`${folder}/lost.prototxt`, `net: "lost.net" ${SETTINGS}`);
      return Solver.load(`${folder}/lost.prototxt`);
    },
  },
  {
    api: 'Solver.from',
    name: 'a solver of every wrong kind',
    code: [...REFUSED, 'ERR_CAFFE_FILE'],
    each: () => each((solver) => Solver.from(solver)),
  },
  {
    api: 'Solver.from',
    name: 'options of every wrong kind',
    code: INPUT,
    each: () => each((options) => Solver.from(text(), options), ...NO_OPTIONS),
  },
  {
    api: 'Solver.from',
    name: 'weights of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: () => each((weights) => Solver.from(text(), { weights }), 'undefined', 'empty array'),
  },
  {
    api: 'Solver.from',
    name: 'a basePath of every wrong kind',
    code: INPUT,
    each: () => each((basePath) => Solver.from(text(), { basePath }), 'undefined', 'text', 'empty text'),
  },
  {
    api: 'Solver.from',
    name: 'weights of another net',
    code: 'ERR_CAFFE_WEIGHTS',
    run: ({ foreign }) => Solver.from(text(), { weights: foreign }),
  },
  { api: 'Solver.from', name: 'fields that do not exist', code: REFUSED, run: () => Solver.from({ base_rate: 1 }) },
  {
    api: 'Solver.from',
    name: 'a field of every wrong kind',
    code: REFUSED,
    each: () => each((base_lr) => Solver.from({ base_lr, lr_policy: 'fixed' })),
  },
  {
    api: 'Solver.from',
    name: 'a field whose getter throws',
    code: INPUT,
    run: () =>
      Solver.from({
        get base_lr() {
          return thrower();
        },
      }),
  },
  { api: 'Solver.from', name: 'fields that throw', code: INPUT, run: () => Solver.from(throwing()) },
  { api: 'Solver.from', name: 'a cycle where a message belongs', code: REFUSED, run: () => Solver.from({ net_param: cyclic() }) },
  { api: 'Solver.from', name: 'text whose conversion throws', code: INPUT, run: () => Solver.from(inconvertible()) },
  {
    api: 'Solver.from',
    name: 'an int32 of 2^31 and more',
    code: REFUSED,
    each: () =>
      [2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 31) - 1, 1.5, Number.NaN].map((max_iter) => [
        `${max_iter}`,
        () => Solver.from({ max_iter, lr_policy: 'fixed' }),
      ]),
  },
  { api: 'Solver.from', name: '100,000 open braces', code: PROTOTXT, run: () => Solver.from('net_param { '.repeat(100_000)) },
  { api: 'Solver.from', name: 'no net', code: REFUSED, run: () => Solver.from(SETTINGS) },
  from('two nets', REFUSED, `${SETTINGS} net: "other.prototxt"`),
  from('no learning rate policy', REFUSED, 'base_lr: 0.1'),
  from('a policy that does not exist', REFUSED, 'base_lr: 0.1 lr_policy: "whatever"'),
  from('a type that does not exist', REFUSED, `${SETTINGS} type: "Whatever"`),
  from('stepsize: 0', REFUSED, 'base_lr: 0.1 lr_policy: "step" gamma: 0.1 stepsize: 0'),
  from('iter_size: 0', REFUSED, `${SETTINGS} iter_size: 0`),
  from('iter_size: -1', REFUSED, `${SETTINGS} iter_size: -1`),
  from('average_loss: 0', REFUSED, `${SETTINGS} average_loss: 0`),
  from('a negative test_iter', REFUSED, `${SETTINGS} test_iter: -1 test_interval: 1`),
  from('test_iter without test_interval', REFUSED, `${SETTINGS} test_iter: 1`),
  from('a regularisation that does not exist', REFUSED, `${SETTINGS} weight_decay: 0.1 regularization_type: "L3"`),
  from(
    'a snapshot folder that does not exist',
    ['ERR_CAFFE_FILE', ...REFUSED],
    `${SETTINGS} snapshot: 1 snapshot_prefix: "/nowhere/at/all"`,
  ),
  {
    api: 'Solver',
    name: 'constructed with something of every kind',
    sync: true,
    code: INPUT,
    each: () => each((inner) => new Solver(inner)),
  },
];

const getter = (name) => ({
  api: `Solver#${name}`,
  name: 'read without its object',
  sync: true,
  code: INPUT,
  each: () => each((receiver) => Object.getOwnPropertyDescriptor(Solver.prototype, name).get.call(receiver)),
});

const unbound = (name, ...values) => ({
  api: `Solver#${typeof name === 'symbol' ? '[Symbol.asyncDispose]' : name}`,
  name: 'without its object',
  sync: ['shareWeights', 'onTest', 'onSnapshot', 'onDebug', 'onStart', 'onGradientsReady'].includes(name),
  code: INPUT,
  each: () => each((receiver) => Solver.prototype[name].call(receiver, ...values)),
});

const afterDisposal = (name, ...values) => ({
  api: `Solver#${name}`,
  name: 'of a disposed solver',
  code: 'ERR_CAFFE_DISPOSED',
  run: disposed((solver) => solver[name](...values)),
});

const members = [
  ...['iteration', 'param', 'learningRate', 'baseLearningRate'].map(getter),
  { api: 'Solver#iteration', name: 'while the solver steps', code: ['ERR_CAFFE_BUSY', 'none'], run: busy((solver) => solver.iteration) },
  {
    api: 'Solver#iteration',
    name: 'of a disposed solver',
    code: ['ERR_CAFFE_DISPOSED', 'none'],
    run: disposed((solver) => solver.iteration),
  },
  {
    api: 'Solver#learningRate',
    name: 'of a disposed solver',
    code: ['ERR_CAFFE_DISPOSED', 'none'],
    run: disposed((solver) => solver.learningRate),
  },
  {
    api: 'Solver#param',
    name: 'a field that is only read, set',
    sync: true,
    code: INPUT,
    each: ({ solver }) =>
      each((value) => {
        solver.param.type = value;
      }),
  },
  {
    api: 'Solver#param',
    name: 'a field that does not exist, set',
    sync: true,
    code: INPUT,
    run: ({ solver }) => {
      solver.param.max_iterations = 5;
    },
  },
  {
    api: 'Solver#param',
    name: 'a writable field set to something of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ solver }) =>
      each((value) => {
        solver.param.max_iter = value;
      }, 'number'),
  },
  {
    api: 'Solver#param',
    name: 'a symbol as the field, set',
    sync: true,
    code: INPUT,
    run: ({ solver }) => {
      solver.param[Symbol('junk')] = 5;
    },
  },
  {
    api: 'Solver#baseLearningRate',
    name: 'set to something of every wrong kind',
    sync: true,
    code: INPUT,
    each: ({ solver }) =>
      each(
        (rate) => {
          solver.baseLearningRate = rate;
        },
        'number',
        'fraction',
      ),
  },
  {
    api: 'Solver#baseLearningRate',
    name: 'a rate beyond float32',
    sync: true,
    code: INPUT,
    run: ({ solver }) => {
      solver.baseLearningRate = 1e300;
    },
  },

  {
    api: 'Solver#step',
    name: 'a count of every wrong kind',
    code: INPUT,
    each: ({ solver }) => each((count) => solver.step(count), 'undefined', 'number'),
  },
  {
    api: 'Solver#step',
    name: 'counts out of range',
    code: INPUT,
    each: ({ solver }) => [-1, 2 ** 31, 2 ** 32, 2 ** 53].map((count) => [`${count}`, () => solver.step(count)]),
  },
  {
    api: 'Solver#step',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ solver }) => each((options) => solver.step(0, options), ...NO_OPTIONS),
  },
  {
    api: 'Solver#step',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ solver }) => each((signal) => solver.step(1, { signal }), 'undefined'),
  },
  {
    api: 'Solver#step',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: ({ solver }) => solver.step(1, { signal: AbortSignal.abort() }),
  },
  {
    api: 'Solver#step',
    name: 'labels out of range',
    code: INPUT,
    run: () =>
      withSolver(SETTINGS, (solver) => {
        solver.net.blobs.label.set([0, 99]);
        return solver.step();
      }),
  },
  {
    api: 'Solver#step',
    name: 'labels that are NaN',
    code: INPUT,
    run: () =>
      withSolver(SETTINGS, (solver) => {
        solver.net.blobs.label.set([0, Number.NaN]);
        return solver.step();
      }),
  },
  {
    api: 'Solver#step',
    name: 'NaN as data',
    code: 'ERR_CAFFE_DIVERGED',
    run: () =>
      withSolver(SETTINGS, (solver) => {
        solver.net.blobs.data.data.fill(Number.NaN);
        return solver.step();
      }),
  },
  {
    api: 'Solver#step',
    name: 'an absurd learning rate',
    code: 'ERR_CAFFE_DIVERGED',
    run: () => withSolver('base_lr: 3e38 lr_policy: "fixed"', (solver) => solver.step(50)),
  },
  {
    api: 'Solver#step',
    name: 'an infinite parameter',
    code: 'ERR_CAFFE_DIVERGED',
    run: () =>
      withSolver(SETTINGS, (solver) => {
        solver.net.params.fc[0].data.fill(Number.POSITIVE_INFINITY);
        return solver.step();
      }),
  },
  {
    api: 'Solver#step',
    name: 'an input reshaped to what the net cannot take',
    code: ['ERR_CAFFE_SHAPE', 'ERR_CAFFE_FATAL'],
    run: () =>
      withSolver(SETTINGS, (solver) => {
        solver.net.blobs.label.reshape(7);
        return solver.step();
      }),
  },
  {
    api: 'Solver#step',
    name: 'aborts at random moments',
    code: ['ERR_CAFFE_ABORTED', 'none'],
    each: ({ solver }) =>
      [0, 1, 2, 5, 9, 14].map((delay) => [
        `after ${delay} ms`,
        () => {
          const controller = new AbortController();
          setTimeout(() => controller.abort(), delay);
          return solver.step(200, { signal: controller.signal });
        },
      ]),
  },
  { api: 'Solver#step', name: 'the net disposed in its place', code: INPUT, run: ({ solver }) => solver.net.dispose() },
  afterDisposal('step'),
  unbound('step'),

  {
    api: 'Solver#solve',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ solver }) => each((options) => solver.solve(options), ...NO_OPTIONS),
  },
  {
    api: 'Solver#solve',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ solver }) => each((signal) => solver.solve({ signal }), 'undefined'),
  },
  {
    api: 'Solver#solve',
    name: 'resume of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: ({ solver }) => each((resume) => solver.solve({ resume }), 'undefined'),
  },
  {
    api: 'Solver#solve',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: ({ solver }) => solver.solve({ signal: AbortSignal.abort() }),
  },
  {
    api: 'Solver#solve',
    name: 'an option whose getter throws',
    code: INPUT,
    run: ({ solver }) => solver.solve(Object.defineProperty({}, 'signal', { get: thrower })),
  },
  afterDisposal('solve'),
  unbound('solve'),

  { api: 'Solver#test', name: 'an index of every wrong kind', code: INPUT, each: ({ solver }) => each((index) => solver.test(index)) },
  {
    api: 'Solver#test',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ tested }) => each((options) => tested.test(0, options), ...NO_OPTIONS),
  },
  {
    api: 'Solver#test',
    name: 'indices out of range',
    code: INPUT,
    each: ({ tested }) => [-1, 1, 2 ** 31, 2 ** 53].map((index) => [`${index}`, () => tested.test(index)]),
  },
  {
    api: 'Solver#test',
    name: 'a signal of every wrong kind',
    code: INPUT,
    each: ({ tested }) => each((signal) => tested.test(0, { signal }), 'undefined'),
  },
  {
    api: 'Solver#test',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: ({ tested }) => tested.test(0, { signal: AbortSignal.abort() }),
  },
  afterDisposal('test'),
  unbound('test'),

  {
    api: 'Solver#snapshot',
    name: 'into a folder that has gone',
    code: 'ERR_CAFFE_FILE',
    run: ({ folder }) => {
      const { rmSync } = require('node:fs');
      mkdirSync(`${folder}/gone`);
      return withSolver(`${SETTINGS} snapshot_prefix: "${folder}/gone/x"`, (solver) => {
        rmSync(`${folder}/gone`, { recursive: true });
        return solver.snapshot();
      });
    },
  },
  {
    api: 'Solver#snapshot',
    name: 'onto a folder',
    code: 'ERR_CAFFE_FILE',
    run: ({ folder }) => {
      mkdirSync(`${folder}/taken_iter_0.caffemodel`, { recursive: true });
      return withSolver(`${SETTINGS} snapshot_prefix: "${folder}/taken"`, (solver) => solver.snapshot());
    },
  },
  afterDisposal('snapshot'),
  unbound('snapshot'),

  {
    api: 'Solver#restore',
    name: 'a path of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE', 'ERR_CAFFE_WEIGHTS'],
    each: ({ solver }) => each((file) => solver.restore(file)),
  },
  {
    api: 'Solver#restore',
    name: 'a file that does not exist',
    code: 'ERR_CAFFE_FILE',
    run: ({ solver, folder }) => solver.restore(`${folder}/none.solverstate`),
  },
  { api: 'Solver#restore', name: 'a folder', code: 'ERR_CAFFE_FILE', run: ({ solver, folder }) => solver.restore(folder) },
  { api: 'Solver#restore', name: 'a caffemodel', code: 'ERR_CAFFE_WEIGHTS', run: ({ solver, snapshot }) => solver.restore(snapshot.model) },
  {
    api: 'Solver#restore',
    name: 'a state whose caffemodel has gone',
    code: ['ERR_CAFFE_FILE', 'ERR_CAFFE_WEIGHTS'],
    run: async ({ solver, folder }) => {
      mkdirSync(`${folder}/half`);
      const half = await withSolver(`${SETTINGS} snapshot_prefix: "${folder}/half/x"`, (other) => other.snapshot());
      require('node:fs').rmSync(half.model);
      return solver.restore(half.state);
    },
  },
  {
    api: 'Solver#restore',
    name: 'the state of another type of solver',
    code: 'ERR_CAFFE_WEIGHTS',
    run: ({ snapshot }) =>
      withSolver('base_lr: 0.1 lr_policy: "fixed" type: "Adam" momentum: 0.9', (solver) => solver.restore(snapshot.state)),
  },
  afterDisposal('restore', 'x.solverstate'),
  unbound('restore', 'x.solverstate'),
  afterDisposal('applyUpdate'),
  unbound('applyUpdate'),

  {
    api: 'Solver#shareWeights',
    name: 'something that is no net',
    sync: true,
    code: INPUT,
    each: ({ solver }) => each((net) => solver.shareWeights(net)),
  },
  {
    api: 'Solver#shareWeights',
    name: 'a net of other shapes',
    code: 'ERR_CAFFE_SHAPE',
    run: async ({ solver }) => {
      const other = await Net.from(CLASSIFIER.replace('num_output: 3', 'num_output: 5'));
      try {
        solver.shareWeights(other);
      } finally {
        await other.dispose();
      }
    },
  },
  unbound('shareWeights'),

  ...['onTest', 'onSnapshot', 'onDebug', 'onStart', 'onGradientsReady']
    .filter((name) => name in Solver.prototype)
    .flatMap((name) => [
      {
        api: `Solver#${name}`,
        name: 'a listener of every wrong kind',
        sync: true,
        code: INPUT,
        each: ({ solver }) => each((listener) => solver[name](listener), 'function'),
      },
      unbound(name, () => {}),
    ]),
  ...['onStart', 'onGradientsReady']
    .filter((name) => name in Solver.prototype)
    .flatMap((name) => [
      {
        api: `Solver#${name}`,
        name: 'a callback that throws',
        code: 'ERR_CAFFE_CALLBACK',
        run: ({ solver }) => {
          const end = solver[name](thrower);
          return solver.step().finally(end);
        },
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that rejects',
        code: 'ERR_CAFFE_CALLBACK',
        run: ({ solver }) => {
          const end = solver[name](async () => thrower());
          return solver.step().finally(end);
        },
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that throws nothing',
        code: 'ERR_CAFFE_CALLBACK',
        run: ({ solver }) => {
          const end = solver[name](() => {
            throw undefined;
          });
          return solver.step().finally(end);
        },
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that gives something that throws when awaited',
        code: 'ERR_CAFFE_CALLBACK',
        run: ({ solver }) => {
          const end = solver[name](() => Object.fromEntries([['then', thrower]]));
          return solver.step().finally(end);
        },
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that never settles, left by an abort',
        code: 'ERR_CAFFE_ABORTED',
        run: () =>
          withSolver(SETTINGS, (solver) => {
            const controller = new AbortController();
            solver[name](() => {
              setImmediate(() => controller.abort());
              return new Promise(() => {});
            });
            return solver.step(1, { signal: controller.signal });
          }),
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that never settles, left by dispose',
        code: ['ERR_CAFFE_DISPOSED', 'ERR_CAFFE_ABORTED'],
        run: async () => {
          const solver = await Solver.from(text());
          feed(solver.net);
          let ending;
          solver[name](() => {
            setImmediate(() => {
              ending = solver.dispose();
            });
            return new Promise(() => {});
          });
          return solver.step().finally(() => ending);
        },
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that waits for its own solver',
        code: ['ERR_CAFFE_CALLBACK', 'ERR_CAFFE_BUSY'],
        run: () =>
          withSolver(SETTINGS, (solver) => {
            solver[name](() => solver.step());
            return solver.step();
          }),
      },
      {
        api: `Solver#${name}`,
        name: 'a callback that reshapes',
        code: ['ERR_CAFFE_CALLBACK', 'ERR_CAFFE_BUSY', 'ERR_CAFFE_SHAPE'],
        run: () =>
          withSolver(SETTINGS, (solver) => {
            solver[name](() => solver.net.blobs.data.reshape(9, 1, 4, 4));
            return solver.step();
          }),
      },
      {
        api: `Solver#${name}`,
        name: 'gradients set to NaN',
        code: ['none', 'ERR_CAFFE_DIVERGED'],
        run: () =>
          withSolver(SETTINGS, (solver) => {
            solver[name](() => {
              solver.net.params.fc[0].diff.fill(Number.NaN);
            });
            return solver.step(3);
          }),
      },
    ]),

  {
    api: 'Solver#dispose',
    name: 'twice, and during a step',
    code: 'none',
    run: async () => {
      const solver = await Solver.from(text());
      feed(solver.net);
      const run = solver.step(5);
      await Promise.all([solver.dispose(), solver.dispose()]);
      await run;
    },
  },
  unbound('dispose'),
  unbound(Symbol.asyncDispose),
];

async function prepare(folder) {
  const file = `${folder}/solver.prototxt`;
  writeFileSync(file, text());
  mkdirSync(`${folder}/snapshots`);
  const solver = await Solver.from(text(`${SETTINGS} snapshot_prefix: "${folder}/snapshots/x"`));
  feed(solver.net);
  await solver.step(2);
  const linear = await Net.from(LINEAR.replaceAll('fc', 'elsewhere'));
  const foreign = await linear.toBuffer();
  await linear.dispose();
  return {
    solver,
    file,
    foreign,
    snapshot: await solver.snapshot(),
    tested: await Solver.from(text(`${SETTINGS} test_iter: 1 test_interval: 100 test_initialization: false`)),
  };
}

/** The very solver must go on from its snapshot as if nothing had been asked of it. */
async function works({ solver, snapshot }) {
  await solver.restore(snapshot.state);
  feed(solver.net);
  const { iteration, loss } = await solver.step();
  if (iteration !== 3 || !(loss > 0 && loss < 2)) throw new Error(`iteration ${iteration} has the loss ${loss}`);
}

const release = ({ solver, tested }) => Promise.all([solver.dispose(), tested.dispose()]);

module.exports = { prepare, works, release, cases: [...loading, ...members] };
