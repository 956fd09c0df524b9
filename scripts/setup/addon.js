const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { SetupError } = require('./error');
const { run } = require('./run');
const { digest, filesBelow, readStamp, writeJson } = require('./stamp');

const stampFile = (home) => path.join(home, 'build', 'addon.json');
const output = (home) => path.join(home, 'build', 'Release', 'caffe.node');

/** Whether the fast engine is left out, even where oneDNN is installed. */
const withoutOnednn = () => process.env.CAFFE_NODE_ONEDNN === 'off';

/** Everything that the addon is made of. */
function inputs(root, caffe) {
  const headers = readStamp(path.join(root, 'package-lock.json'))?.packages ?? {};
  return digest()
    .value([process.platform, process.arch, process.env.CAFFE_NODE_SANITIZE ?? '', process.env.CC ?? '', process.env.CXX ?? ''])
    .value(withoutOnednn())
    .value(['node-addon-api', 'node-api-headers', 'cmake-js'].map((name) => headers[`node_modules/${name}`]?.version))
    .value([caffe.prefix, caffe.key])
    .contents(root, [...filesBelow(path.join(root, 'binding')), path.join(root, 'CMakeLists.txt')])
    .toString();
}

function isCurrent(root, home, caffe) {
  const stamp = readStamp(stampFile(home));
  return (
    stamp !== undefined &&
    stamp.inputs === inputs(root, caffe) &&
    stamp.output ===
      digest()
        .identity([output(home)])
        .toString()
  );
}

function generator() {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) => fs.existsSync(path.join(folder, 'ninja'))) ? 'Ninja' : 'Unix Makefiles';
}

/** A build folder that CMake would refuse (the checkout was moved, ninja came or went) or that remembers another Caffe starts anew. */
function dropForeignConfiguration(root, home, wanted) {
  const build = path.join(home, 'build');
  const cacheFile = path.join(build, 'CMakeCache.txt');
  if (!fs.existsSync(cacheFile)) return;
  const cache = fs.readFileSync(cacheFile, 'utf8');
  const value = (name) => new RegExp(`^${name}:\\w+=(.*)$`, 'm').exec(cache)?.[1] ?? '';
  const fits =
    value('CMAKE_HOME_DIRECTORY') === fs.realpathSync(root) && Object.entries(wanted).every(([name, expected]) => value(name) === expected);
  if (fits) return;
  for (const name of ['CMakeCache.txt', 'CMakeFiles', 'build.ninja', 'Makefile', 'Release']) {
    fs.rmSync(path.join(build, name), { recursive: true, force: true });
  }
}

/**
 * Builds build/Release/caffe.node, and only what changed in it.
 *
 * @param {import('./report').Report} report
 * @param {string} root
 * @param {string} home the folder that build/ lies in: the checkout, or another place for an addon beside the usual one
 * @param {{ prefix: string, key: string }} caffe
 */
async function ensureAddon(report, root, home, caffe) {
  if (isCurrent(root, home, caffe)) return;
  const before = inputs(root, caffe); // a source saved during the build makes the next set-up build again
  fs.rmSync(stampFile(home), { force: true });
  const sanitize = process.env.CAFFE_NODE_SANITIZE ?? '';
  dropForeignConfiguration(root, home, { CMAKE_GENERATOR: generator(), CAFFE_NODE_PREFIX: caffe.prefix, CAFFE_NODE_SANITIZE: sanitize });
  const cmakeJs = (command, ...args) =>
    run(report, process.execPath, [path.join(root, 'node_modules', 'cmake-js', 'bin', 'cmake-js'), command, ...args], {
      cwd: root,
      env: { NINJA_STATUS: '[%p] ' },
      failure: 'Building the addon failed',
    });
  await report.step('addon', async () => {
    // Not `cmake-js compile`: after a compiler error that one throws everything away and builds it all a second time.
    const definitions = [
      `--CDCAFFE_NODE_PREFIX=${caffe.prefix}`,
      `--CDCAFFE_NODE_WITHOUT_ONEDNN=${withoutOnednn() ? 'ON' : 'OFF'}`,
      ...(sanitize ? [`--CDCAFFE_NODE_SANITIZE=${sanitize}`] : []),
    ];
    const place = ['--out', path.join(home, 'build'), '-G', generator()];
    await cmakeJs('configure', ...place, ...definitions);
    await cmakeJs('build', ...place, '--parallel', String(os.availableParallelism()));
  });
  if (!fs.existsSync(output(home))) {
    throw new SetupError(`The addon was built, but ${output(home)} is not there.`, {
      hint: `Remove the folder ${path.join(home, 'build')} and run the same command again.`,
    });
  }
  writeJson(stampFile(home), {
    inputs: before,
    output: digest()
      .identity([output(home)])
      .toString(),
  });
}

module.exports = { ensureAddon, isCurrent };
