const { execFileSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const path = require('node:path');
const { caffe } = require('../..');

const root = path.join(__dirname, '../..');
const driver = path.join(root, 'build/driver');
const peer = (file) => path.join(root, 'bench/peers', file);

/**
 * The engines there are. `find` looks for what one needs and gives its version; it throws, with the reason, where that is missing.
 * `command` is how its process is started for a job: `task`, `net`, `weights`, `input`, `output`, `shape`, `threads`.
 */
const ENGINES = [
  {
    engine: 'onednn',
    precision: 'f32',
    tasks: ['forward', 'train', 'load', 'classify', 'modes', 'plan'],
    find: () => requireFeature('onednn', 'this build has no oneDNN'),
    command: own,
  },
  {
    engine: 'onednn',
    precision: 'bf16',
    tasks: ['forward', 'train', 'load', 'classify', 'plan'],
    find: () => {
      requireFeature('onednn', 'this build has no oneDNN');
      return requireFeature('bf16', 'this processor has no bf16');
    },
    command: own,
  },
  { engine: 'caffe', precision: 'f32', tasks: ['forward', 'train', 'load', 'classify'], find: () => caffe.version, command: own },
  {
    engine: 'stock-caffe',
    precision: 'f32',
    tasks: ['forward', 'train', 'load'],
    find: buildDriver,
    command: (_, { task, net, weights, input, output, threads }) => [
      driver,
      task === 'train' ? 'train' : 'forward',
      net,
      weights,
      input,
      output,
      String(threads),
    ],
  },
  {
    engine: 'opencv',
    precision: 'f32',
    tasks: ['forward', 'load'],
    find: () => findPython().version,
    command: (_, job) => [findPython().python, peer('opencv.py'), JSON.stringify(job)],
  },
  {
    engine: 'onnxruntime',
    precision: 'f32',
    tasks: ['forward', 'load'],
    find: findOnnxRuntime,
    command: (_, { onnx, ...job }) => [process.execPath, peer('onnxruntime.js'), JSON.stringify({ ...job, net: onnx })],
  },
];

/** What an engine is called in tables and messages. */
const nameOf = ({ engine, precision }) => (precision === 'f32' ? engine : `${engine} ${precision}`);

/** Those of the wanted engines that are here, with their versions, and why the others are not. */
function findEngines(wanted) {
  const engines = [];
  const skipped = [];
  for (const engine of ENGINES.filter(({ engine }) => wanted.includes(engine))) {
    const name = nameOf(engine);
    try {
      engines.push({ ...engine, name, version: engine.find() });
    } catch (error) {
      skipped.push({ engine: name, reason: error.message });
    }
  }
  return { engines, skipped };
}

function own({ engine, precision }, job) {
  const program = { classify: 'classify.js', modes: 'modes.js', plan: 'plan.js' }[job.task] ?? 'caffe-node.js';
  return [process.execPath, peer(program), JSON.stringify({ ...job, engine, precision })];
}

function requireFeature(name, reason) {
  if (!caffe.features[name]) throw new Error(reason);
  return caffe.version;
}

/** Built by CMake in the folder where the addon was built; a prebuilt addon comes without one. */
function buildDriver() {
  const build = path.join(root, 'build');
  if (!existsSync(path.join(build, 'CMakeCache.txt'))) throw new Error('the addon was not built here, and so its driver cannot be');
  try {
    execFileSync('cmake', ['--build', build, '--target', 'driver'], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`bench/driver.cc cannot be built: ${error.stdout ?? ''}${error.message}`);
  }
  return caffe.version;
}

/** The Python that has OpenCV: the one that PYTHON names, else the first of the path or Debian's own. */
function findPython() {
  const candidates = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3'];
  for (const python of candidates) {
    try {
      return {
        python,
        version: execFileSync(python, ['-c', 'import cv2; print(cv2.__version__)'], { encoding: 'utf8', stdio: 'pipe' }).trim(),
      };
    } catch {
      // not this one
    }
  }
  throw new Error(`not installed: no OpenCV for ${candidates.join(' or ')} (Debian's python3-opencv)`);
}

function findOnnxRuntime() {
  try {
    return require('onnxruntime-node/package.json').version;
  } catch {
    throw new Error('not installed: npm package onnxruntime-node');
  }
}

module.exports = { driver, findEngines, nameOf };
