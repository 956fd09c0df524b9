const fs = require('node:fs');
const path = require('node:path');
const { buildKey, ensureBuilt } = require('./caffe-build');
const { DEBIAN, debianTarball, verify } = require('./caffe-download');
const { SetupError } = require('./error');
const { run } = require('./run');
const { digest, filesBelow, sha256 } = require('./stamp');

// What decides how the library turns out, in a source tree. Documents, models and examples do not.
const PARTS = ['CMakeLists.txt', 'cmake', 'include', 'src'];
// What CMake wants to see, or we copy for the addon; the rest of a user's tree may be large (data, trained models, builds).
const COPIED = [...PARTS, 'LICENSE', 'tools', 'examples', 'python', 'matlab', 'docs'];
const COPY_LIMIT = 2e6;

const isSourceTree = (folder) =>
  fs.existsSync(path.join(folder, 'CMakeLists.txt')) && fs.existsSync(path.join(folder, 'src', 'caffe', 'proto', 'caffe.proto'));

/** Where a source tree begins in an unpacked archive: at once, or one folder down as in the archives of GitHub. */
function findTree(folder) {
  const below = fs.readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [folder, ...below.map((entry) => path.join(folder, entry.name))].find(isSourceTree);
}

async function unpackTarball(report, tarball, folder) {
  const source = path.join(folder, 'source');
  fs.mkdirSync(source);
  await run(report, 'tar', ['-xf', tarball, '-C', source, '--no-same-owner'], {
    failure: `${tarball} could not be unpacked`,
    hint: 'It has to be a complete tar archive (.tar, .tar.gz, .tar.xz …) of a Caffe source tree.',
    disk: folder,
  });
  const tree = findTree(source);
  if (tree) return tree;
  throw new SetupError(`${tarball} is no source archive of Caffe: no src/caffe/proto/caffe.proto is in it.`, {
    hint: 'Let CAFFE_SOURCE name an archive or a folder with the sources of Caffe, CMakeLists.txt at its top.',
  });
}

/** Copies what the build needs out of a user's tree, which stays untouched. Large files are nobody's sources. */
function copyTree(tree, folder) {
  const source = path.join(folder, 'source');
  for (const name of COPIED) {
    const from = path.join(tree, name);
    if (!fs.existsSync(from)) continue;
    fs.cpSync(from, path.join(source, name), {
      recursive: true,
      filter: (file) => {
        const stat = fs.statSync(file, { throwIfNoEntry: false });
        return stat !== undefined && (stat.isDirectory() || stat.size < COPY_LIMIT);
      },
    });
  }
  return source;
}

/** Way 3: the source tree or tarball that CAFFE_SOURCE names. */
async function fromCaffeSource(report, root, cache, given) {
  const place = path.resolve(given);
  const stat = fs.statSync(place, { throwIfNoEntry: false });
  if (!stat) {
    throw new SetupError(`CAFFE_SOURCE is '${given}', which does not exist.`, {
      hint: 'Let it name a source tree of Caffe or a tar archive of one, or unset it: Caffe is then fetched from Debian.',
    });
  }
  const source = { description: `CAFFE_SOURCE ${path.basename(place)}` };
  if (stat.isDirectory()) {
    if (!isSourceTree(place)) {
      throw new SetupError(`CAFFE_SOURCE is '${given}', which is no source tree of Caffe: src/caffe/proto/caffe.proto is not in it.`, {
        hint: 'Let it name the folder with Caffe’s CMakeLists.txt. A Caffe that is already built is given as CAFFE_ROOT.',
      });
    }
    const files = PARTS.flatMap((part) => filesBelow(path.join(place, part)));
    source.key = buildKey(root, digest().contents(place, files).toString());
    source.unpack = async (folder) => copyTree(place, folder);
  } else {
    // Somebody without a network may have brought Debian's own archive along: that one has a known sum.
    if (path.basename(place) === DEBIAN.tarball) await verify(place);
    source.key = buildKey(root, await sha256(place));
    source.unpack = (folder) => unpackTarball(report, place, folder);
  }
  return ensureBuilt(report, root, cache, source);
}

/** Way 4: the Debian source package. */
function fromDebian(report, root, cache) {
  return ensureBuilt(report, root, cache, {
    key: buildKey(root, DEBIAN.sha256),
    description: `debian ${DEBIAN.version}`,
    unpack: async (folder) => unpackTarball(report, await debianTarball(report, cache, folder), folder),
  });
}

module.exports = { fromCaffeSource, fromDebian };
