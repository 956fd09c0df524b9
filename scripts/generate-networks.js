// Writes the networks that ship with the package to prototxt/, as lib/networks makes them by default.
//
//   npx tsc -p tsconfig.json && node scripts/generate-networks.js

const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const networks = require('../dist/networks');

const FOLDER = path.resolve(__dirname, '../prototxt');

rmSync(FOLDER, { recursive: true, force: true });
for (const { name } of networks.list()) {
  const { trainVal, deploy, solver } = networks.get(name);
  mkdirSync(path.join(FOLDER, name), { recursive: true });
  writeFileSync(path.join(FOLDER, name, 'train_val.prototxt'), trainVal);
  writeFileSync(path.join(FOLDER, name, 'deploy.prototxt'), deploy);
  writeFileSync(path.join(FOLDER, name, 'solver.prototxt'), solver);
}
