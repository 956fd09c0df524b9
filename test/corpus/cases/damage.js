// Files that Caffe wrote and something cut or changed: weights, states, databases, networks. None may be half read.
const { execFileSync } = require('node:child_process');
const { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { computeImageMean, Net, openDataset, Solver, upgradeNetBinaryFile } = require('../../..');
const { CLASSIFIER, LINEAR } = require('../support/networks');
const { dataset } = require('../support/pictures');

const WEIGHTS = 'ERR_CAFFE_WEIGHTS';
const FILE = 'ERR_CAFFE_FILE';

/** A generator of calls on every shorter version of a file, `step` bytes apart, from `first` on. */
function* cut(file, copy, step, use, first = 0) {
  const whole = readFileSync(file);
  for (let length = first; length < whole.length; length += step) {
    writeFileSync(copy, whole.subarray(0, length));
    yield [`${length} of ${whole.length} bytes`, () => use(copy)];
  }
}

/** The same with a byte changed. */
function* flipped(file, copy, step, use) {
  const whole = readFileSync(file);
  for (let index = 0; index < whole.length; index += step) {
    const bytes = Buffer.from(whole);
    bytes[index] ^= 1 << (index % 8);
    writeFileSync(copy, bytes);
    yield [`bit ${index % 8} of byte ${index}`, () => use(copy)];
  }
}

/** What stands where a file should. */
const STRANGERS = {
  'an empty file': (file) => writeFileSync(file, ''),
  'a folder': (file) => mkdirSync(file),
  'a FIFO': (file) => execFileSync('mkfifo', [file]),
  'links in a circle': (file) => symlinkSync(path.basename(file), file),
  'a link to nothing': (file) => symlinkSync('nothing', file),
  '/dev/zero': (file) => symlinkSync('/dev/zero', file),
  text: (file) => writeFileSync(file, 'name: "text"'),
  'a kilobyte of 255s': (file) => writeFileSync(file, Buffer.alloc(1024, 255)),
  'a memory that cannot be read': (file) => symlinkSync('/proc/self/mem', file),
};

function* strangers(file, use) {
  for (const [label, put] of Object.entries(STRANGERS)) {
    rmSync(file, { recursive: true, force: true });
    put(file);
    yield [label, () => use(file)];
  }
  yield [
    'nothing',
    () => {
      rmSync(file, { recursive: true, force: true });
      return use(file);
    },
  ];
}

// Every length of HDF5 files is tested where they are parsed, in test/hdf5.test.ts.
const weights = [
  ['caffemodel', 1],
  ['caffemodel.h5', 13],
].flatMap(([extension, step]) => {
  const on = (use) => (fixture) =>
    use(fixture[extension], path.join(fixture.folder, `damaged.${extension}`), (file) => fixture.net.copyFrom(file));
  return [
    {
      api: 'Net#copyFrom',
      name: `a .${extension} cut at ${step === 1 ? 'every length' : 'many lengths'}`,
      code: [WEIGHTS, FILE],
      each: on((file, copy, use) => cut(file, copy, step, use)),
    },
    {
      api: 'Net#copyFrom',
      name: `a .${extension} with a bit changed in ${step === 1 ? 'every byte' : 'many bytes'}`,
      code: [WEIGHTS, FILE, 'none'],
      each: on((file, copy, use) => flipped(file, copy, step, use)),
    },
    {
      api: 'Net#copyFrom',
      name: `in the place of a .${extension}`,
      code: [WEIGHTS, FILE],
      each: on((_, copy, use) => strangers(copy, use)),
    },
    {
      api: 'Net.from',
      name: `the weights of a .${extension} cut at some lengths`,
      code: [WEIGHTS, FILE],
      each: (fixture) =>
        cut(fixture[extension], path.join(fixture.folder, `damaged.${extension}`), 17 * step, (file) =>
          Net.from(LINEAR, { weights: file }),
        ),
    },
  ];
});

const states = ['solverstate', 'solverstate.h5'].flatMap((extension) => {
  const on = (use) => (fixture) =>
    use(fixture[extension].state, path.join(fixture.folder, `snapshots/damaged.${extension}`), (file) =>
      fixture[extension].solver.restore(file),
    );
  return [
    {
      api: 'Solver#restore',
      name: `a .${extension} cut at every length`,
      code: [WEIGHTS, FILE],
      each: on((file, copy, use) => cut(file, copy, extension.endsWith('h5') ? 13 : 1, use)),
    },
    {
      api: 'Solver#restore',
      name: `a .${extension} with a bit changed in many bytes`,
      code: [WEIGHTS, FILE, 'none'],
      each: on((file, copy, use) => flipped(file, copy, 11, use)),
    },
    {
      api: 'Solver#restore',
      name: `in the place of a .${extension}`,
      code: [WEIGHTS, FILE],
      each: on((_, copy, use) => strangers(copy, use)),
    },
  ];
});

const databases = [
  ['openDataset', (folder) => openDataset(path.dirname(folder))],
  ['computeImageMean', (folder) => computeImageMean(folder)],
].flatMap(([api, use]) => {
  const file = (fixture) => path.join(fixture.copy, 'train_db/data.mdb');
  const fresh = (fixture) => {
    rmSync(fixture.copy, { recursive: true, force: true });
    cpSync(fixture.dataset.path, fixture.copy, { recursive: true });
    return file(fixture);
  };
  return [
    {
      api,
      name: 'an LMDB cut within every page',
      code: 'ERR_CAFFE_DATASET',
      *each(fixture) {
        const data = fresh(fixture);
        const { length } = readFileSync(data);
        for (let size = length - 1; size >= 0; size -= 1021) {
          truncateSync(data, size);
          yield [`${size} of ${length} bytes`, () => use(path.dirname(data))];
        }
      },
    },
    {
      api,
      name: 'an LMDB with a bit changed in many bytes',
      code: ['ERR_CAFFE_DATASET', 'none'],
      *each(fixture) {
        const whole = readFileSync(fresh(fixture));
        for (let index = 0; index < Math.min(whole.length, 40_000); index += 499) {
          const data = fresh(fixture);
          const bytes = Buffer.from(whole);
          bytes[index] ^= 1 << (index % 8);
          writeFileSync(data, bytes);
          yield [`byte ${index}`, () => use(path.dirname(data))];
        }
      },
    },
    {
      api,
      name: 'in the place of an LMDB',
      code: ['ERR_CAFFE_DATASET', FILE],
      *each(fixture) {
        const data = fresh(fixture);
        yield* strangers(data, () => use(path.dirname(data)));
      },
    },
  ];
});

const networks = [
  {
    api: 'Net.load',
    name: 'a network file cut at every length',
    code: ['ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_FATAL', 'none'],
    *each({ folder }) {
      const whole = CLASSIFIER;
      const file = `${folder}/cut.prototxt`;
      for (let length = 0; length < whole.length; length++) {
        writeFileSync(file, whole.slice(0, length));
        yield [`${length} characters`, async () => (await Net.load(file)).dispose()];
      }
    },
  },
  {
    api: 'Net.load',
    name: 'in the place of a network file',
    code: [FILE, 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_FATAL'],
    each: ({ folder }) => strangers(`${folder}/strange.prototxt`, (file) => Net.load(file)),
  },
  { api: 'Net.load', name: 'a path that is not UTF-8', code: FILE, run: ({ folder }) => Net.load(`${folder}/\ud800\udfff\ud800.prototxt`) },
  { api: 'Net.load', name: 'a path that is too long', code: FILE, run: ({ folder }) => Net.load(`${folder}/${'x'.repeat(5000)}`) },
  {
    api: 'Solver.load',
    name: 'in the place of a solver file',
    code: [FILE, 'ERR_CAFFE_PROTOTXT', 'ERR_CAFFE_FATAL'],
    each: ({ folder }) => strangers(`${folder}/strange.solver`, (file) => Solver.load(file)),
  },
  {
    api: 'upgradeNetBinaryFile',
    name: 'a .caffemodel cut at every length',
    code: [WEIGHTS, FILE, 'ERR_CAFFE_INPUT', 'ERR_CAFFE_PROTOTXT'],
    *each(fixture) {
      yield* cut(
        fixture.caffemodel,
        `${fixture.folder}/old.caffemodel`,
        3,
        async (file) => {
          const result = await upgradeNetBinaryFile(file, `${fixture.output}/new.caffemodel`).finally(() => {
            if (existsSync(`${fixture.output}/new.caffemodel`)) rmSync(`${fixture.output}/new.caffemodel`);
          });
          return result;
        },
        1,
      );
    },
  },
];

async function snapshotOf(folder, format) {
  const solver = await Solver.from(
    `net_param { ${CLASSIFIER} } base_lr: 0.01 lr_policy: "fixed" momentum: 0.9 random_seed: 1 snapshot_format: ${format} snapshot_prefix: "${folder}/snapshots/${format}"`,
  );
  solver.net.blobs.label.set([0, 1]);
  solver.net.blobs.data.data.fill(0.5);
  await solver.step(2);
  return { solver, ...(await solver.snapshot()) };
}

async function prepare(folder) {
  mkdirSync(`${folder}/snapshots`);
  const net = await Net.from(LINEAR);
  await net.save(`${folder}/whole.caffemodel`);
  await net.save(`${folder}/whole.caffemodel.h5`, { format: 'hdf5' });
  return {
    ...(await dataset(folder)),
    copy: path.join(folder, 'copy'),
    net,
    caffemodel: `${folder}/whole.caffemodel`,
    'caffemodel.h5': `${folder}/whole.caffemodel.h5`,
    solverstate: await snapshotOf(folder, 'BINARYPROTO'),
    'solverstate.h5': await snapshotOf(folder, 'HDF5'),
  };
}

/** The very net and solvers take the whole files and go on. */
async function works(fixture) {
  for (const extension of ['caffemodel', 'caffemodel.h5']) {
    await fixture.net.copyFrom(fixture[extension]);
    const { fc } = await fixture.net.forward({ data: [1, 2, 3] });
    if (fc.data[0] !== 6.5) throw new Error(`with ${extension} the net computes ${fc.data[0]}, not 6.5`);
  }
  for (const extension of ['solverstate', 'solverstate.h5']) {
    const { solver, state } = fixture[extension];
    await solver.restore(state);
    const { iteration } = await solver.step();
    if (iteration !== 3) throw new Error(`restored from ${extension} the solver goes on with ${iteration}`);
  }
  await openDataset(fixture.dataset.path);
}

const release = ({ net, solverstate, 'solverstate.h5': hdf5 }) =>
  Promise.all([net.dispose(), solverstate.solver.dispose(), hdf5.solver.dispose()]);

module.exports = { prepare, works, release, cases: [...weights, ...states, ...databases, ...networks] };
