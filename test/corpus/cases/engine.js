// Engines, precisions and plans: options that are none, contradictions, and what a run left out.
const { caffe, Classifier, Detector, Net, Solver, timePlan } = require('../../..');
const { NO_OPTIONS, each, thrower, throwing } = require('../support/hostile');
const { LINEAR } = require('../support/networks');

const INPUT = 'ERR_CAFFE_INPUT';
const UNSUPPORTED = 'ERR_CAFFE_UNSUPPORTED';
const TIMED = { iterations: 1 };
/** For images of 3×8×8. */
const DEPLOY = `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 2 kernel_size: 3 } }
layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 5 } }`;
const SOLVER = `net_param { ${LINEAR} } base_lr: 0.1 lr_policy: "fixed"`;

async function withNet(options, use) {
  const net = await Net.from(LINEAR, options);
  try {
    return await use(net);
  } finally {
    await net.dispose();
  }
}

const openers = {
  'Net.from': (options) => Net.from(LINEAR, options),
  'Net.attach': (options) => withNet({}, (net) => Net.attach(net.share(), options)),
  'Solver.from': (options) => Solver.from(SOLVER, options),
  'Classifier.open': (options) => Classifier.open({ network: DEPLOY }, options),
  'Detector.open': (options) => Detector.open({ network: DEPLOY }, options),
};

/** Gives another engine each time it is read. */
const changing = () => {
  const engines = ['auto', 'nothing'];
  return Object.defineProperty({}, 'engine', { get: () => engines.shift() });
};

const options = Object.entries(openers).flatMap(([api, open]) => [
  { api, name: 'an engine of every wrong kind', code: INPUT, each: () => each((engine) => open({ engine }), 'undefined') },
  { api, name: 'a precision of every wrong kind', code: INPUT, each: () => each((precision) => open({ precision }), 'undefined') },
  { api, name: 'bf16 from Caffe', code: INPUT, run: () => open({ engine: 'caffe', precision: 'bf16' }) },
  { api, name: 'an engine that throws', code: INPUT, run: () => open(Object.defineProperty({}, 'engine', { get: thrower })) },
  {
    api,
    name: 'an engine that changes',
    code: 'none',
    run: async () => (await open(changing())).dispose(),
  },
]);

/** Without their object, getters have nothing to tell. */
const getters = ['engine', 'plan'].map((name) => ({
  api: `Net#${name}`,
  name: 'without its net',
  code: INPUT,
  each: () => each(async (object) => Object.getOwnPropertyDescriptor(Net.prototype, name).get.call(object)),
}));

const cases = [
  ...options,
  ...getters,
  {
    api: 'Net.attach',
    name: 'options of every wrong kind',
    code: INPUT,
    each: () => each((given) => openers['Net.attach'](given), ...NO_OPTIONS),
  },
  {
    api: 'Net.from',
    name: "engine: 'onednn' for a net of the phase train",
    code: INPUT,
    run: () => Net.from(LINEAR, { engine: 'onednn', phase: 'train' }),
  },
  {
    api: 'Net#engine',
    name: 'of a net that was disposed',
    code: 'ERR_CAFFE_DISPOSED',
    run: async () => {
      const net = await Net.from(LINEAR);
      await net.dispose();
      return net.engine;
    },
  },
  {
    api: 'Net#plan',
    name: 'while the net runs',
    code: 'ERR_CAFFE_BUSY',
    run: () =>
      withNet({}, async (net) => {
        const run = net.forward({ data: [1, 2, 3] });
        try {
          return net.plan;
        } finally {
          await run;
        }
      }),
  },
  {
    api: 'Net#forward',
    name: 'timed of every wrong kind',
    code: INPUT,
    each: () => each((timed) => withNet({}, (net) => net.forward({}, { timed })), 'undefined', 'boolean'),
  },
  {
    api: 'timePlan',
    name: 'a network of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE', 'ERR_CAFFE_PROTOTXT', UNSUPPORTED],
    each: () => each((network) => timePlan(network, TIMED)),
  },
  {
    api: 'timePlan',
    name: 'options of every wrong kind',
    code: [INPUT, UNSUPPORTED],
    each: () => each((given) => timePlan(LINEAR, given), ...NO_OPTIONS),
  },
  { api: 'timePlan', name: 'options that throw', code: INPUT, run: () => timePlan(LINEAR, throwing()) },
  {
    api: 'timePlan',
    name: 'iterations of every wrong kind',
    code: [INPUT, UNSUPPORTED],
    each: () => each((iterations) => timePlan(LINEAR, { iterations }), 'undefined', 'number'),
  },
  {
    api: 'timePlan',
    name: 'a precision of every wrong kind',
    code: [INPUT, UNSUPPORTED],
    each: () => each((precision) => timePlan(LINEAR, { ...TIMED, precision }), 'undefined'),
  },
  {
    api: 'timePlan',
    name: 'an onProgress that throws',
    code: ['ERR_CAFFE_CALLBACK', UNSUPPORTED],
    run: () => timePlan(LINEAR, { ...TIMED, onProgress: thrower }),
  },
  {
    api: 'timePlan',
    name: 'a network that can have no plan',
    code: UNSUPPORTED,
    run: () =>
      timePlan(
        'layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 } } } layer { name: "r" type: "ReLU" bottom: "d" top: "d" }',
        TIMED,
      ),
  },
  ...(caffe.features.onednn
    ? [
        {
          api: 'Blob#data',
          name: 'of a blob that the run left out',
          code: 'ERR_CAFFE_NOT_COMPUTED',
          run: async () => {
            const net = await Net.from(DEPLOY, { engine: 'onednn' });
            try {
              await net.forward();
              return net.blobs.conv.data;
            } finally {
              await net.dispose();
            }
          },
        },
      ]
    : []),
];

module.exports = { cases };
