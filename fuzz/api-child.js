// Takes inputs from its parent and gives each to the public functions that read such a thing. Whatever happens to the input, the next
// forward pass must be right. The answer is 'accepted', the code of the CaffeError, or what was wrong. Its folder is the first argument.
const fs = require('node:fs');
const path = require('node:path');
const { CaffeError, Net, Solver, loadImage, prototxt } = require('..');
const { native } = require('../dist/native');
const texts = require('./texts');

// A net that a mutation has made large is built, but not run: it would only cost time.
const MOST_VALUES = 2e6;
const RUN_MS = 3_000;

const folder = process.argv[2];
process.chdir(folder);
const SUM =
  'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 } } } layer { name: "sum" type: "Reduction" bottom: "data" top: "sum" }';
const good = { net: undefined, solver: undefined };

/** What a caller does with a refusal: only an error that is none is passed on. */
async function refusing(run) {
  try {
    await run();
    return 'accepted';
  } catch (error) {
    if (error instanceof CaffeError && error.code.startsWith('ERR_CAFFE_')) return error.code;
    throw error;
  }
}

const sizeOf = (net) => net.blobNames.reduce((sum, name) => sum + net.blobs[name].count, 0);

async function runNet(net) {
  if (sizeOf(net) > MOST_VALUES) return;
  await net.forward({}, { signal: AbortSignal.timeout(RUN_MS) });
  if (net.phase === 'train') await net.backward({}, { signal: AbortSignal.timeout(RUN_MS) });
  net.toPrototxt();
}

async function network(bytes) {
  const text = bytes.toString();
  const outcomes = [];
  outcomes.push(
    await refusing(() => {
      if (prototxt.parse(text).toString() !== text) throw new Error('the document is not what was parsed');
    }),
  );
  const freeze = () => prototxt.freeze(text, { except: [] });
  for (const derive of [prototxt.parseNet, freeze, prototxt.upgrade]) outcomes.push(await refusing(() => derive(text)));
  for (const phase of ['test', 'train']) {
    outcomes.push(
      await refusing(async () => {
        const net = await Net.from(text, { phase });
        try {
          await runNet(net);
        } finally {
          await net.dispose();
        }
      }),
    );
  }
  return outcomes.at(-1);
}

async function solver(bytes) {
  await refusing(() => prototxt.parseSolver(bytes.toString()));
  return refusing(async () => {
    const made = await Solver.from(bytes.toString());
    try {
      if (sizeOf(made.net) <= MOST_VALUES) await made.step(2, { signal: AbortSignal.timeout(RUN_MS) });
    } finally {
      await made.dispose();
    }
  });
}

function file(name, bytes) {
  fs.mkdirSync(path.dirname(name), { recursive: true });
  fs.writeFileSync(name, bytes);
  return path.resolve(name);
}

async function dataNet(settings) {
  const net = await Net.from(
    `layer { name: "d" type: "Data" top: "d" top: "l" data_param { source: "${path.resolve('db')}" backend: LMDB batch_size: 3 } ${settings} }`,
  );
  try {
    for (let batch = 0; batch < 3; batch++) await net.forward();
  } finally {
    await net.dispose();
  }
}

const READERS = {
  network,
  solver,
  weights: (bytes) => refusing(() => good.net.copyFrom(bytes, { strict: bytes.length % 2 === 0 })),
  state: (bytes) => refusing(() => good.solver.restore(file('state', bytes))),
  image: async (bytes) => {
    await refusing(() => native.decodeImage(bytes));
    return refusing(() => loadImage(bytes));
  },
  lmdb: async (bytes) => {
    file('db/data.mdb', bytes);
    return refusing(() => dataNet(''));
  },
  mean: async (bytes) => {
    file('db/data.mdb', fs.readFileSync(path.join(folder, 'good.mdb')));
    return refusing(() => dataNet(`transform_param { mean_file: "${file('mean.binaryproto', bytes)}" crop_size: 2 }`));
  },
  message: (bytes) =>
    refusing(() => {
      for (const type of ['NetParameter', 'SolverState', 'BlobProto', 'Datum', 'SolverParameter']) {
        native.messages.toText(type, native.messages.fromBinary(type, bytes));
      }
    }),
};

async function requireSound() {
  const net = await Net.from(SUM);
  const { sum } = await net.forward({ data: [1, 2, 3] });
  await net.dispose();
  if (sum.data[0] !== 6) throw new Error(`a good net computed ${sum.data[0]} in place of 6`);
}

process.on('message', async ({ kind, bytes }) => {
  try {
    const outcome = await READERS[kind](Buffer.from(bytes));
    await requireSound();
    process.send({ outcome });
  } catch (error) {
    process.send({ wrong: error?.stack ?? String(error) });
  }
});

async function start() {
  good.net = await Net.from(texts.networks.small, { phase: 'train' });
  good.solver = await Solver.from(texts.solver);
  process.send({ kinds: Object.keys(READERS) });
}

start();
