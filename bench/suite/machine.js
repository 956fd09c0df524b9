const { readFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { caffe } = require('../..');
const { driver } = require('./engines');
const { EngineProcess } = require('./engine-process');
const { round } = require('./statistics');

/** Large enough for BLAS to reach its best, small enough for memory. */
const SIDE = 2048;

/** What figures depend on, apart from the code. */
function describeMachine() {
  const [{ model }] = os.cpus();
  return {
    processor: model,
    cores: os.availableParallelism(),
    memoryMiB: Math.round(os.totalmem() / 2 ** 20),
    system: readSystemName(),
    node: process.version,
    caffe: caffe.version,
    blas: caffe.features.blas,
    ompWaitPolicy: process.env.OMP_WAIT_POLICY ?? null,
    /** Of the last minute, in running processes: what else the machine was doing when the measurement began. */
    load: os.loadavg()[0],
  };
}

function readSystemName() {
  const [, name] = /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? [];
  return `${name ?? os.type()}, Linux ${os.release()}`;
}

/** The machine's own peak: a large product of matrices in BLAS, the best of a few. */
async function measurePeak(threads, { rounds, seconds }) {
  const blas = new EngineProcess({ name: path.basename(driver), command: [driver, 'multiply', String(SIDE), String(threads)] });
  try {
    await blas.load();
    const { count, expected } = await blas.calibrate(1000 * seconds);
    let best = Number.POSITIVE_INFINITY;
    for (let index = 0; index < rounds; index++) best = Math.min(best, await blas.time(count, expected));
    return { threads, gflops: round((2 * SIDE ** 3) / best / 1e6) };
  } finally {
    await blas.stop();
  }
}

module.exports = { describeMachine, measurePeak };
