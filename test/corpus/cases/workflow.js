// From photographs to predictions: datasets, training, models, archives.
const { execFileSync } = require('node:child_process');
const { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { classify, createDataset, deploy, openDataset, openModel, train } = require('../../..');
const { NO_OPTIONS, each, inconvertible, thrower, throwing, throwingArray } = require('../support/hostile');
const { NETWORK, SIDE, model, picture, pictureFolder } = require('../support/pictures');

const INPUT = 'ERR_CAFFE_INPUT';
const DATASET = 'ERR_CAFFE_DATASET';
const FILE = 'ERR_CAFFE_FILE';
const MODEL = 'ERR_CAFFE_MODEL';
const ARCHIVE = 'ERR_CAFFE_ARCHIVE';

/** The option of every wrong kind, all else being right. */
const options = (api, name, use, ...allowed) => ({
  api,
  name: `${name} of every wrong kind`,
  code: INPUT,
  each: (fixture) => each((value) => use(fixture, { [name]: value }), 'undefined', ...allowed),
});

/** The option with values out of its range. */
const range = (api, name, use, values) => ({
  api,
  name: `${name} out of range`,
  code: INPUT,
  each: (fixture) => values.map((value) => [String(value), () => use(fixture, { [name]: value })]),
});

const make = ({ pictures, output }, change = {}) =>
  createDataset(pictures, { output: path.join(output, 'dataset'), size: SIDE, ...change });
const create = (name, code, run) => ({ api: 'createDataset', name, code, run });

/** A source made by `change` out of the pictures. */
const changed =
  (change) =>
  async ({ folder, output }) => {
    const source = path.join(folder, 'changed');
    rmSync(source, { recursive: true, force: true });
    await pictureFolder(source);
    await change(source);
    return createDataset(source, { output: path.join(output, 'dataset'), size: SIDE });
  };

const creating = [
  {
    api: 'createDataset',
    name: 'a source of every wrong kind',
    code: [INPUT, DATASET],
    each: ({ output }) => each((source) => createDataset(source, { output: path.join(output, 'dataset') })),
  },
  {
    api: 'createDataset',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ pictures }) => each((given) => createDataset(pictures, given), ...NO_OPTIONS),
  },
  options('createDataset', 'output', ({ pictures }, change) => createDataset(pictures, change), 'text'),
  ...[
    ['overwrite', 'boolean'],
    ['size', 'number'],
    ['resizeMode'],
    ['channels'],
    ['encoding'],
    ['validation', 'number', 'fraction'],
    ['test', 'number', 'fraction'],
    ['seed', 'number'],
    ['minimum', 'number'],
    ['signal'],
    ['onProgress', 'function'],
  ].map(([name, ...allowed]) => options('createDataset', name, make, ...allowed)),
  range('createDataset', 'size', make, [0, -1, 8193, 2 ** 31, 2 ** 53, [8], [8, 8, 8], [8, Number.NaN]]),
  range('createDataset', 'seed', make, [-1, 2 ** 32, 2 ** 53]),
  range('createDataset', 'validation', make, [-1, 100, Number.NaN, Number.POSITIVE_INFINITY]),
  create('validation and test that leave nothing', INPUT, (fixture) => make(fixture, { validation: 60, test: 60 })),
  create('options whose getter throws', INPUT, ({ pictures }) =>
    createDataset(pictures, Object.defineProperty({}, 'size', { get: thrower })),
  ),
  create('a folder that does not exist', DATASET, ({ folder, output }) =>
    createDataset(path.join(folder, 'none'), { output: path.join(output, 'dataset') }),
  ),
  create('a file', DATASET, ({ archive, output }) => createDataset(archive.path, { output: path.join(output, 'dataset') })),
  create('a path with NUL', INPUT, ({ pictures, output }) => createDataset(`${pictures}\0`, { output: path.join(output, 'dataset') })),
  create('a path that is too long', DATASET, ({ output }) => createDataset('x'.repeat(5000), { output: path.join(output, 'dataset') })),
  create('an output with NUL', INPUT, ({ pictures, output }) => createDataset(pictures, { output: path.join(output, 'a\0b') })),
  create('an output name that is too long', [FILE, DATASET], ({ pictures, output }) =>
    createDataset(pictures, { output: path.join(output, 'x'.repeat(300)), size: SIDE }),
  ),
  create('an output below a file', [FILE, DATASET], ({ pictures, archive }) =>
    createDataset(pictures, { output: path.join(archive.path, 'dataset') }),
  ),
  create('an output in the source', DATASET, ({ pictures }) => createDataset(pictures, { output: path.join(pictures, 'dataset') })),
  create('an output that holds the source', DATASET, ({ pictures }) =>
    createDataset(pictures, { output: path.dirname(pictures), overwrite: true }),
  ),
  create('an output that is a dataset already', DATASET, ({ pictures, dataset }) => createDataset(pictures, { output: dataset.path })),
  create('an output in /proc', [FILE, DATASET], ({ pictures }) => createDataset(pictures, { output: '/proc/dataset', size: SIDE })),
  create(
    'one class',
    DATASET,
    changed((source) => rmSync(path.join(source, 'red'), { recursive: true })),
  ),
  create(
    'a class without pictures',
    DATASET,
    changed((source) => {
      rmSync(path.join(source, 'red'), { recursive: true });
      mkdirSync(path.join(source, 'red'));
    }),
  ),
  create(
    'a class of damaged pictures only',
    DATASET,
    changed((source) => {
      for (let number = 0; number < 6; number++) writeFileSync(path.join(source, 'red', `${number}.png`), 'no picture');
    }),
  ),
  create(
    'a class of FIFOs only',
    DATASET,
    changed((source) => {
      rmSync(path.join(source, 'red'), { recursive: true });
      mkdirSync(path.join(source, 'red'));
      for (const name of ['a.png', 'b.png']) execFileSync('mkfifo', [path.join(source, 'red', name)]);
    }),
  ),
  create(
    'a class of links in a circle',
    DATASET,
    changed((source) => {
      rmSync(path.join(source, 'red'), { recursive: true });
      mkdirSync(path.join(source, 'red'));
      for (const name of ['a.png', 'b.png']) symlinkSync(name, path.join(source, 'red', name));
    }),
  ),
  create(
    'two folders of one label',
    DATASET,
    changed(async (source) => {
      mkdirSync(path.join(source, 'a b'));
      mkdirSync(path.join(source, 'a_b'));
      for (const name of ['a b', 'a_b']) writeFileSync(path.join(source, name, 'x.png'), await picture('red'));
    }),
  ),
  create(
    'folders that link to each other',
    'none',
    changed((source) => {
      symlinkSync('..', path.join(source, 'red', 'up'));
      symlinkSync('../red', path.join(source, 'blue', 'other'));
    }),
  ),
  create('an onProgress that throws', 'ERR_CAFFE_CALLBACK', (fixture) => make(fixture, { onProgress: thrower })),
  create('an onProgress that rejects', 'ERR_CAFFE_CALLBACK', (fixture) => make(fixture, { onProgress: async () => thrower() })),
  create('an onProgress that throws nothing', 'ERR_CAFFE_CALLBACK', (fixture) =>
    make(fixture, {
      onProgress: () => {
        throw undefined;
      },
    }),
  ),
  create('a signal that was aborted before', 'ERR_CAFFE_ABORTED', (fixture) => make(fixture, { signal: AbortSignal.abort() })),
  {
    api: 'createDataset',
    name: 'aborts at every image',
    code: 'ERR_CAFFE_ABORTED',
    each: (fixture) =>
      Array.from({ length: 12 }, (_, image) => [
        `image ${image + 1}`,
        () => {
          const controller = new AbortController();
          let seen = 0;
          return make(fixture, {
            signal: controller.signal,
            onProgress: () => {
              if (seen++ === image) controller.abort();
            },
          });
        },
      ]),
  },
].map((bad) =>
  bad.name === 'folders that link to each other'
    ? {
        ...bad,
        run: async (fixture) => {
          await bad.run(fixture);
          rmSync(path.join(fixture.output, 'dataset'), { recursive: true });
        },
      }
    : bad,
);

/** A copy of a folder, changed. */
function copyOf(folder, source, change) {
  const copy = path.join(folder, 'copy');
  rmSync(copy, { recursive: true, force: true });
  cpSync(source, copy, { recursive: true });
  change(copy);
  return copy;
}

const damagedSet = (name, change) => ({
  api: 'openDataset',
  name,
  code: DATASET,
  run: ({ folder, dataset }) => openDataset(copyOf(folder, dataset.path, change)),
});

function editJson(file, edit) {
  const content = JSON.parse(readFileSync(file, 'utf8'));
  edit(content);
  writeFileSync(file, JSON.stringify(content));
}

const set = (edit) => (copy) => editJson(path.join(copy, 'dataset.json'), edit);

const opening = [
  { api: 'openDataset', name: 'a folder of every wrong kind', code: [INPUT, DATASET], each: () => each((folder) => openDataset(folder)) },
  { api: 'openDataset', name: 'a folder of pictures', code: DATASET, run: ({ pictures }) => openDataset(pictures) },
  { api: 'openDataset', name: 'a path with NUL', code: INPUT, run: ({ dataset }) => openDataset(`${dataset.path}\0`) },
  {
    api: 'openDataset',
    name: 'dataset.json cut at every length',
    code: DATASET,
    *each({ folder, dataset }) {
      const whole = readFileSync(path.join(dataset.path, 'dataset.json'));
      const copy = copyOf(folder, dataset.path, () => {});
      for (let length = 0; length < whole.length - 2; length++) {
        writeFileSync(path.join(copy, 'dataset.json'), whole.subarray(0, length));
        yield [`${length} bytes`, () => openDataset(copy)];
      }
    },
  },
  ...['labels', 'counts', 'perClass', 'size', 'channels', 'resizeMode', 'mean', 'seals', 'version', 'format', 'skipped', 'dropped'].map(
    (field) => ({
      api: 'openDataset',
      name: `dataset.json with ${field} of every wrong kind`,
      code: DATASET,
      *each({ folder, dataset }) {
        for (const value of [null, 7, -1, 'junk', true, {}, [[]], undefined, Number.MAX_VALUE, { train: -1, validation: 0.5, test: 'x' }]) {
          const copy = copyOf(
            folder,
            dataset.path,
            set((content) => {
              content[field] = value;
            }),
          );
          yield [JSON.stringify(value) ?? 'undefined', () => openDataset(copy)];
        }
      },
    }),
  ),
  damagedSet('dataset.json as a folder', (copy) => {
    rmSync(path.join(copy, 'dataset.json'));
    mkdirSync(path.join(copy, 'dataset.json'));
  }),
  damagedSet('dataset.json as a FIFO', (copy) => {
    rmSync(path.join(copy, 'dataset.json'));
    execFileSync('mkfifo', [path.join(copy, 'dataset.json')]);
  }),
  damagedSet('no labels', (copy) => rmSync(path.join(copy, 'labels.txt'))),
  damagedSet('no mean image', (copy) => rmSync(path.join(copy, 'mean.binaryproto'))),
  damagedSet('no database', (copy) => rmSync(path.join(copy, 'train_db'), { recursive: true })),
  damagedSet('an empty database folder', (copy) => {
    rmSync(path.join(copy, 'val_db'), { recursive: true });
    mkdirSync(path.join(copy, 'val_db'));
  }),
  damagedSet('a database file as a folder', (copy) => {
    rmSync(path.join(copy, 'val_db/data.mdb'));
    mkdirSync(path.join(copy, 'val_db/data.mdb'));
  }),
  damagedSet('a database file as a FIFO', (copy) => {
    rmSync(path.join(copy, 'val_db/data.mdb'));
    execFileSync('mkfifo', [path.join(copy, 'val_db/data.mdb')]);
  }),
  damagedSet('the databases exchanged', (copy) => {
    cpSync(path.join(copy, 'train_db'), path.join(copy, 'val_db'), { recursive: true, force: true });
  }),
];

const fit = ({ dataset, output }, change = {}) =>
  train({ dataset, network: NETWORK, output: path.join(output, 'model'), epochs: 1, seed: 1, ...change });
const training = [
  { api: 'train', name: 'options of every wrong kind', code: [INPUT, DATASET], each: () => each((given) => train(given)) },
  {
    api: 'train',
    name: 'a dataset of every wrong kind',
    code: [INPUT, DATASET],
    each: (fixture) => each((dataset) => fit(fixture, { dataset })),
  },
  {
    api: 'train',
    name: 'a network of every wrong kind',
    code: [INPUT, FILE, 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_UNSUPPORTED'],
    each: (fixture) => each((network) => fit(fixture, { network })),
  },
  {
    api: 'train',
    name: 'weights of every wrong kind',
    code: [INPUT, FILE, 'ERR_CAFFE_WEIGHTS'],
    each: (fixture) => each((weights) => fit(fixture, { weights }), 'undefined'),
  },
  options('train', 'output', ({ dataset }, change) => train({ dataset, network: NETWORK, epochs: 1, ...change }), 'text'),
  ...[
    ['overwrite', 'boolean'],
    ['epochs', 'number', 'fraction'],
    ['batchSize', 'number'],
    ['validationBatchSize', 'number'],
    ['iterationSize', 'number'],
    ['validateEvery', 'number', 'fraction'],
    ['snapshotEvery', 'number', 'fraction'],
    ['keepSnapshots', 'number'],
    ['solverType'],
    ['learningRate', 'number', 'fraction'],
    ['learningRatePolicy'],
    ['momentum'],
    ['rmsDecay'],
    ['weightDecay', 'number', 'fraction'],
    ['cropSize', 'number'],
    ['mirror', 'boolean'],
    ['mean', 'array'],
    ['engine'],
    ['precision'],
    ['seed', 'number'],
    ['signal'],
  ].map(([name, ...allowed]) => options('train', name, fit, ...allowed)),
  range('train', 'epochs', fit, [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300]),
  range('train', 'batchSize', fit, [0, -1, 1.5]),
  range('train', 'iterationSize', fit, [0, -1, 2 ** 31, 2 ** 53]),
  range('train', 'seed', fit, [-1, 2 ** 31, 2 ** 53]),
  range('train', 'cropSize', fit, [-1, SIDE + 1, 2 ** 31]),
  range('train', 'momentum', fit, [1, 2, -0.1, Number.NaN]),
  range('train', 'learningRate', fit, [0, -1, Number.NaN, 'automatic']),
  {
    api: 'train',
    name: 'learning rate policies that are none',
    code: INPUT,
    each: (fixture) =>
      [
        { type: 'none' },
        { type: 'step', percent: -1 },
        { type: 'step', gamma: Number.NaN },
        { type: 'multistep', percents: [10, 'x'] },
        { type: 'poly', power: 1n },
        throwing(),
      ].map((learningRatePolicy, index) => [`policy ${index}`, () => fit(fixture, { learningRatePolicy })]),
  },
  { api: 'train', name: 'bf16 from Caffe', code: INPUT, run: (fixture) => fit(fixture, { engine: 'caffe', precision: 'bf16' }) },
  { api: 'train', name: 'learningRate: auto without weights', code: INPUT, run: (fixture) => fit(fixture, { learningRate: 'auto' }) },
  {
    api: 'train',
    name: 'options whose getter throws',
    code: INPUT,
    run: () => train(Object.defineProperty({}, 'dataset', { get: thrower })),
  },
  { api: 'train', name: 'a network whose text throws', code: INPUT, run: (fixture) => fit(fixture, { network: inconvertible() }) },
  { api: 'train', name: 'a network file that does not exist', code: FILE, run: (fixture) => fit(fixture, { network: 'none.prototxt' }) },
  { api: 'train', name: 'a network that is a folder', code: FILE, run: (fixture) => fit(fixture, { network: fixture.folder }) },
  { api: 'train', name: 'a network that is a FIFO', code: FILE, run: (fixture) => fit(fixture, { network: fixture.fifo }) },
  { api: 'train', name: 'a shipped network out of its folder', code: FILE, run: (fixture) => fit(fixture, { network: '../package' }) },
  {
    api: 'train',
    name: 'a network that does not parse',
    code: 'ERR_CAFFE_PROTOTXT',
    run: (fixture) => fit(fixture, { network: 'layer {' }),
  },
  {
    api: 'train',
    name: 'a network without a classifier',
    code: ['ERR_CAFFE_UNSUPPORTED', 'ERR_CAFFE_PROTOTXT'],
    run: (fixture) => fit(fixture, { network: 'layer { name: "x" type: "ReLU" bottom: "data" top: "x" }' }),
  },
  { api: 'train', name: 'weights that do not exist', code: FILE, run: (fixture) => fit(fixture, { weights: 'none.caffemodel' }) },
  {
    api: 'train',
    name: 'weights that are none',
    code: 'ERR_CAFFE_WEIGHTS',
    run: (fixture) => fit(fixture, { weights: Buffer.from('no weights') }),
  },
  { api: 'train', name: 'an output that is a model already', code: FILE, run: (fixture) => fit(fixture, { output: fixture.model.path }) },
  {
    api: 'train',
    name: 'an output that is not a model',
    code: FILE,
    run: (fixture) => fit(fixture, { output: fixture.pictures, overwrite: true }),
  },
  { api: 'train', name: 'an output that is a file', code: FILE, run: (fixture) => fit(fixture, { output: fixture.archive.path }) },
  {
    api: 'train',
    name: 'an absurd learning rate',
    code: 'ERR_CAFFE_DIVERGED',
    run: (fixture) => fit(fixture, { learningRate: 1e38, epochs: 5, snapshotEvery: 5, validateEvery: 5 }),
  },
  {
    api: 'train',
    name: 'a signal that was aborted before',
    code: 'ERR_CAFFE_ABORTED',
    run: (fixture) => fit(fixture, { signal: AbortSignal.abort() }),
  },
];

const damagedModel = (name, code, change) => ({
  api: 'openModel',
  name,
  code,
  run: ({ folder, model: { path: source } }) => openModel(copyOf(folder, source, change)),
});

const models = [
  { api: 'openModel', name: 'a path of every wrong kind', code: [INPUT, FILE, MODEL], each: () => each((source) => openModel(source)) },
  { api: 'openModel', name: 'nothing at all', code: FILE, run: ({ folder }) => openModel(`${folder}/none`) },
  { api: 'openModel', name: 'a FIFO', code: ARCHIVE, run: ({ fifo }) => openModel(fifo) },
  { api: 'openModel', name: '/dev/zero', code: ARCHIVE, run: () => openModel('/dev/zero') },
  { api: 'openModel', name: 'a folder of pictures', code: MODEL, run: ({ pictures }) => openModel(pictures) },
  {
    api: 'openModel',
    name: 'an archive cut at many lengths',
    code: ARCHIVE,
    *each({ folder, archive }) {
      const whole = readFileSync(archive.path);
      const cut = path.join(folder, 'cut.tar.gz');
      for (let length = 0; length < whole.length - 1; length += 37) {
        writeFileSync(cut, whole.subarray(0, length));
        yield [`${length} bytes`, () => openModel(cut)];
      }
    },
  },
  {
    api: 'openModel',
    name: 'an archive with bytes changed',
    code: [ARCHIVE, MODEL, 'none'],
    *each({ folder, archive }) {
      const whole = readFileSync(archive.path);
      const file = path.join(folder, 'changed.tar.gz');
      for (let index = 0; index < whole.length; index += 53) {
        const bytes = Buffer.from(whole);
        bytes[index] ^= 0xff;
        writeFileSync(file, bytes);
        yield [`byte ${index}`, async () => (await openModel(file)).dispose()];
      }
    },
  },
  {
    api: 'openModel',
    name: 'info.json cut at every length',
    code: MODEL,
    *each({ folder, model: { path: source } }) {
      const copy = copyOf(folder, source, () => {});
      const whole = readFileSync(path.join(copy, 'info.json'));
      for (let length = 0; length < whole.length - 2; length += 3) {
        writeFileSync(path.join(copy, 'info.json'), whole.subarray(0, length));
        yield [`${length} bytes`, () => openModel(copy)];
      }
    },
  },
  ...['preprocessing', 'snapshot file', 'snapshots', 'metrics', 'best'].map((field) => ({
    api: 'openModel',
    name: `info.json with ${field} of every wrong kind`,
    code: [MODEL, 'none'],
    *each({ folder, model: { path: source } }) {
      for (const value of [
        null,
        7,
        'junk',
        '../../etc/passwd',
        true,
        {},
        [],
        [null],
        [{ iteration: 'x' }],
        { size: [-1, Number.MAX_VALUE], crop: -1 },
      ]) {
        const copy = copyOf(folder, source, (place) =>
          editJson(path.join(place, 'info.json'), (content) => {
            content[field] = value;
          }),
        );
        yield [JSON.stringify(value), () => openModel(copy)];
      }
    },
  })),
  ...['info.json', 'deploy.prototxt', 'labels.txt'].flatMap((file) => [
    damagedModel(`without ${file}`, MODEL, (copy) => rmSync(path.join(copy, file))),
    damagedModel(`${file} as a FIFO`, [MODEL, 'none'], (copy) => {
      rmSync(path.join(copy, file));
      execFileSync('mkfifo', [path.join(copy, file)]);
    }),
    damagedModel(`${file} as a folder`, [MODEL, 'none'], (copy) => {
      rmSync(path.join(copy, file));
      mkdirSync(path.join(copy, file));
    }),
  ]),

  {
    api: 'deploy',
    name: 'a model of every wrong kind',
    code: [INPUT, FILE],
    each: ({ output }) => each((source) => deploy(source, { output: path.join(output, 'x.tar.gz') })),
  },
  { api: 'deploy', name: 'options of every wrong kind', code: INPUT, each: ({ model: source }) => each((given) => deploy(source, given)) },
  {
    api: 'deploy',
    name: 'an output of every wrong kind',
    code: INPUT,
    each: ({ model: source }) => each((output) => deploy(source, { output }), 'text'),
  },
  {
    api: 'deploy',
    name: 'a snapshot of every wrong kind',
    code: INPUT,
    each: ({ model: source, output }) =>
      each((snapshot) => deploy(source, { output: path.join(output, 'x.tar.gz'), snapshot }), 'undefined'),
  },
  { api: 'deploy', name: 'onto a folder', code: FILE, run: ({ model: source, pictures }) => deploy(source, { output: pictures }) },
  {
    api: 'deploy',
    name: 'below a file',
    code: FILE,
    run: ({ model: source, archive }) => deploy(source, { output: path.join(archive.path, 'x.tar.gz') }),
  },
  { api: 'deploy', name: 'into /proc', code: FILE, run: ({ model: source }) => deploy(source, { output: '/proc/x.tar.gz' }) },
  {
    api: 'deploy',
    name: 'a snapshot that has gone',
    code: [MODEL, FILE],
    run: async ({ folder, model: { path: source }, output }) => {
      const copy = copyOf(folder, source, () => {});
      const opened = await openModel(copy);
      rmSync(opened.best.path);
      return deploy(opened, { output: path.join(output, 'x.tar.gz') });
    },
  },

  { api: 'classify', name: 'a model of every wrong kind', code: [INPUT, FILE], each: ({ png }) => each((source) => classify(source, png)) },
  {
    api: 'classify',
    name: 'an image of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_IMAGE'],
    each: ({ model: source }) => each((image) => classify(source, image), 'empty array', 'throwing Proxy', 'revoked Proxy'),
  },
  {
    api: 'classify',
    name: 'images of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_IMAGE'],
    each: ({ model: source }) =>
      each((image) => classify(source, [image]), 'throwing Proxy', 'throwing array', 'revoked Proxy', 'revoked array'),
  },
  { api: 'classify', name: 'images that throw', code: INPUT, run: ({ model: source }) => classify(source, throwingArray()) },
  {
    api: 'classify',
    name: 'options of every wrong kind',
    code: INPUT,
    each: ({ model: source, png }) => each((given) => classify(source, png, given), ...NO_OPTIONS),
  },
  {
    api: 'classify',
    name: 'an engine of every wrong kind',
    code: INPUT,
    each: ({ model: source, png }) => each((engine) => classify(source, png, { engine }), 'undefined'),
  },
  {
    api: 'classify',
    name: 'top of every wrong kind',
    code: INPUT,
    each: ({ model: source, png }) => each((top) => classify(source, png, { top }), 'undefined', 'number'),
  },
  {
    api: 'classify',
    name: 'one damaged image among good ones',
    code: 'ERR_CAFFE_IMAGE',
    run: ({ model: source, png }) => classify(source, [png, png.subarray(0, 50), png]),
  },
  {
    api: 'classify',
    name: 'a model whose labels are of another training',
    code: MODEL,
    run: ({ folder, model: { path: source }, png }) =>
      classify(
        copyOf(folder, source, (copy) => writeFileSync(path.join(copy, 'labels.txt'), 'one\n')),
        png,
      ),
  },
  {
    api: 'classify',
    name: 'a model whose weights are damaged',
    code: 'ERR_CAFFE_WEIGHTS',
    run: async ({ folder, model: { path: source }, png }) => {
      const copy = copyOf(folder, source, () => {});
      const { best } = await openModel(copy);
      writeFileSync(best.path, 'no weights');
      return classify(copy, png);
    },
  },
  {
    api: 'classify',
    name: 'a model whose network is damaged',
    code: ['ERR_CAFFE_PROTOTXT', MODEL],
    run: ({ folder, model: { path: source }, png }) =>
      classify(
        copyOf(folder, source, (copy) => writeFileSync(path.join(copy, 'deploy.prototxt'), 'layer {')),
        png,
      ),
  },
  {
    api: 'classify',
    name: 'a model whose mean image is damaged',
    code: [FILE, MODEL],
    run: ({ folder, model: { path: source }, png }) =>
      classify(
        copyOf(folder, source, (copy) => writeFileSync(path.join(copy, 'mean.binaryproto'), 'no mean')),
        png,
      ),
  },
];

async function prepare(folder) {
  const fifo = path.join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  return { ...(await model(folder)), fifo, png: await picture('blue', 99) };
}

async function works({ model: source, archive, dataset, png }) {
  const [best] = await classify(source, png, { top: 1 });
  if (best.label !== 'blue') throw new Error(`the picture is taken for ${best.label}`);
  const opened = await openDataset(dataset.path);
  if (opened.counts.train !== dataset.counts.train) throw new Error('the dataset has changed');
  await (await openModel(archive.path)).dispose();
}

module.exports = { prepare, works, cases: [...creating, ...opening, ...training, ...models] };
