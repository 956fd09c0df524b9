// A full disk: files of this process may not grow beyond 32 kB. Whatever is written fails in the middle, and nothing of it remains.
const { mkdirSync } = require('node:fs');
const path = require('node:path');
const { createDataset, Net, Solver } = require('../../..');
const { LINEAR } = require('../support/networks');
const { pictureFolder, picture } = require('../support/pictures');

const FILE = 'ERR_CAFFE_FILE';
const LARGE = LINEAR.replace('num_output: 2', 'num_output: 20000');

async function withNet(use) {
  const net = await Net.from(LARGE);
  try {
    return await use(net);
  } finally {
    await net.dispose();
  }
}

const cases = [
  {
    api: 'Net#save',
    name: 'to a full disk',
    code: FILE,
    run: ({ output }) => withNet((net) => net.save(path.join(output, 'x.caffemodel'))),
  },
  {
    api: 'Net#save',
    name: 'as HDF5 to a full disk',
    code: FILE,
    run: ({ output }) => withNet((net) => net.save(path.join(output, 'x.caffemodel.h5'), { format: 'hdf5' })),
  },
  {
    api: 'Net#save',
    name: 'onto a folder',
    code: FILE,
    run: ({ folder }) => {
      mkdirSync(path.join(folder, 'taken'), { recursive: true });
      return withNet((net) => net.save(path.join(folder, 'taken')));
    },
  },
  {
    api: 'Net#save',
    name: 'below a file',
    code: FILE,
    run: ({ folder }) => withNet((net) => net.save(path.join(folder, 'pictures/red/0.png/x.caffemodel'))),
  },
  { api: 'Net#save', name: 'into /proc', code: FILE, run: () => withNet((net) => net.save('/proc/x.caffemodel')) },
  {
    api: 'Net#save',
    name: 'under a name that is too long',
    code: FILE,
    run: ({ output }) => withNet((net) => net.save(path.join(output, 'x'.repeat(300)))),
  },
  {
    api: 'Solver#snapshot',
    name: 'to a full disk',
    code: FILE,
    run: async ({ output }) => {
      const solver = await Solver.from(
        `net_param { ${LARGE} layer { name: "loss" type: "EuclideanLoss" bottom: "fc" bottom: "fc" top: "loss" } } base_lr: 0.1 lr_policy: "fixed" snapshot_prefix: "${output}/x"`,
      );
      try {
        return await solver.snapshot();
      } finally {
        await solver.dispose();
      }
    },
  },
  {
    api: 'createDataset',
    name: 'to a full disk',
    code: [FILE, 'ERR_CAFFE_DATASET'],
    run: ({ folder, output }) =>
      createDataset(path.join(folder, 'pictures'), { output: path.join(output, 'dataset'), size: 64, encoding: 'none' }),
  },
];

async function prepare(folder) {
  await pictureFolder(path.join(folder, 'pictures'));
  return { net: await Net.from(LINEAR), png: await picture('red') };
}

async function works({ net }) {
  const { fc } = await net.forward({ data: [1, 2, 3] });
  if (fc.data[0] !== 6.5) throw new Error(`the net computes ${fc.data[0]}, not 6.5`);
  if ((await net.toBuffer()).length === 0) throw new Error('the net has no parameters');
}

module.exports = { prepare, works, release: ({ net }) => net.dispose(), limit: 'ulimit -f 32', cases };
