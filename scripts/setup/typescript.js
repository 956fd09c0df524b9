const fs = require('node:fs');
const path = require('node:path');
const { run } = require('./run');
const { digest, filesBelow, readStamp, writeJson } = require('./stamp');

const stampFile = (root) => path.join(root, 'build', 'typescript.json');
const outputs = (root) =>
  digest()
    .identity(filesBelow(path.join(root, 'dist')))
    .toString();

function inputs(root) {
  return digest()
    .contents(root, [...filesBelow(path.join(root, 'lib')), path.join(root, 'tsconfig.json'), path.join(root, 'package-lock.json')])
    .toString();
}

function isCurrent(root) {
  const stamp = readStamp(stampFile(root));
  return stamp !== undefined && stamp.inputs === inputs(root) && stamp.outputs === outputs(root);
}

/** What tsc makes of the files in lib/. */
function expectedOutputs(root) {
  const names = filesBelow(path.join(root, 'lib')).map((file) => path.relative(path.join(root, 'lib'), file).replace(/\.ts$/, ''));
  return new Set(names.flatMap((name) => ['.js', '.js.map', '.d.ts'].map((extension) => path.join(root, 'dist', name + extension))));
}

/** Compiles lib/ to dist/, and drops what earlier compilations left there of files that are gone from lib/. */
async function ensureTypeScript(report, root) {
  if (isCurrent(root)) return;
  const before = inputs(root); // a file saved during the compilation makes the next set-up compile again
  fs.rmSync(stampFile(root), { force: true });
  const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await report.step('TypeScript', () =>
    run(report, process.execPath, [tsc, '-p', 'tsconfig.json', '--pretty', 'false'], {
      cwd: root,
      failure: 'TypeScript found errors in lib/',
    }),
  );
  const expected = expectedOutputs(root);
  for (const file of filesBelow(path.join(root, 'dist'))) {
    if (!expected.has(file)) fs.rmSync(file, { force: true });
  }
  writeJson(stampFile(root), { inputs: before, outputs: outputs(root) });
}

module.exports = { ensureTypeScript };
