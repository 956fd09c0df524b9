const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./run');
const { digest, readStamp, writeJson } = require('./stamp');

const STAMP = '.caffe-node-setup';

function inputs(root) {
  const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return digest()
    .value([dependencies, devDependencies, process.platform, process.arch])
    .contents(root, [path.join(root, 'package-lock.json')])
    .toString();
}

/** Whether somebody's own `npm install` or `npm ci` put exactly the locked packages there: npm leaves a copy of what it installed. */
function installedByHand(root) {
  const locked = readStamp(path.join(root, 'package-lock.json'))?.packages ?? {};
  const present = readStamp(path.join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!present) return false;
  const same = (name) => present[name]?.version === locked[name].version && present[name]?.integrity === locked[name].integrity;
  return Object.keys(locked).every((name) => name === '' || locked[name].optional || same(name));
}

function isCurrent(root) {
  return readStamp(path.join(root, 'node_modules', STAMP))?.inputs === inputs(root);
}

/** Whether the lock describes the optional packages of every platform: behind a registry that lacks some, npm writes it without them. */
function isComplete(root) {
  const locked = readStamp(path.join(root, 'package-lock.json'))?.packages ?? {};
  const names = new Set(Object.keys(locked).map((place) => place.split('node_modules/').at(-1)));
  return Object.values(locked).every((entry) => Object.keys(entry.optionalDependencies ?? {}).every((name) => names.has(name)));
}

async function install(report, root) {
  // `npm ci` refuses an incomplete lock. What `npm install --no-save` installs is locked just as well; it fills the gaps from the
  // registry or, for packages of other platforms, leaves them.
  const command = isComplete(root) ? ['ci'] : ['install', '--no-save'];
  fs.rmSync(path.join(root, 'node_modules'), { recursive: true, force: true });
  await run(report, 'npm', [...command, '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: root,
    failure: `npm ${command[0]} failed`,
    hint:
      'If it could not reach the registry (npm ping tells), run the same command again when it can. If package.json and package-lock.json\n' +
      'disagree, npm install brings them together.',
  });
}

/** Installs the locked npm packages. Without any install script: npm 12 blocks them, and none of ours needs one. */
async function ensureNpm(report, root) {
  if (isCurrent(root)) return;
  if (!installedByHand(root)) await report.step('npm packages', () => install(report, root));
  writeJson(path.join(root, 'node_modules', STAMP), { inputs: inputs(root) });
}

module.exports = { ensureNpm };
