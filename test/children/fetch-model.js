// One download in a process of its own: argv is its order as JSON. Prints what became of it. `kilobytes` limits the size of files;
// with `dieAt`, the process ends in the middle, as one that is killed.
const { spawnSync } = require('node:child_process');
const { fetchModel } = require('../..');

const { url, dieAt, kilobytes, ...options } = JSON.parse(process.argv[2]);

async function main() {
  const onProgress = ({ received }) => {
    if (dieAt !== undefined && received >= dieAt) process.kill(process.pid, 'SIGKILL');
  };
  const outcome = await fetchModel(url, { ...options, onProgress }).catch(({ code, hint }) => ({ code, hint }));
  process.stdout.write(JSON.stringify(outcome));
}

if (kilobytes === undefined) {
  main();
} else {
  const order = JSON.stringify({ url, ...options });
  const { stdout } = spawnSync('bash', ['-c', `ulimit -f ${kilobytes}; exec "$@"`, 'limited', process.execPath, __filename, order]);
  process.stdout.write(stdout);
}
