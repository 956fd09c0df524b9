const fs = require('node:fs');
const path = require('node:path');
const { describeLibrary, missingPackages } = require('./caffe-features');
const { SetupError } = require('./error');
const { digest, readStamp, writeJson } = require('./stamp');

const exists = (...parts) => fs.existsSync(path.join(...parts));
const LIBRARY_FOLDERS = ['lib', 'lib64', `lib/${{ x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch}-linux-gnu`];
const LIBRARIES = ['libcaffe.a', 'libcaffe.so', 'libcaffe-nv.so'];
// Raised when the same Caffe is described in another way.
const DESCRIPTION = 1;
const EXPECTED =
  'Let it name a build tree of Caffe (make or cmake) or a prefix that `make install` or `make distribute` filled,\n' +
  'so that lib/libcaffe.so or lib/libcaffe.a and include/caffe/caffe.hpp are in it; or unset it: Caffe is then built from source.';

/** What a folder's CMake cache says under a name, if it has one. */
function cached(folder, name) {
  if (!exists(folder, 'CMakeCache.txt')) return undefined;
  return new RegExp(`^${name}:\\w+=(.*)$`, 'm').exec(fs.readFileSync(path.join(folder, 'CMakeCache.txt'), 'utf8'))?.[1];
}

/** The folders a Caffe may be spread over: what the user named, a build folder in it, and the sources a CMake build came from. */
function places(given) {
  const builds = [given, path.join(given, 'build'), path.join(given, '.build_release'), path.join(given, 'distribute')];
  const sources = builds.flatMap((folder) => cached(folder, 'CMAKE_HOME_DIRECTORY') ?? []);
  return [...builds, ...sources].filter((folder) => fs.existsSync(folder));
}

/** Where the library, the headers and CMake's own description of a Caffe are; each is a list, the first being the likeliest. */
function locate(given) {
  const folders = places(given);
  const libraries = folders
    .flatMap((folder) => LIBRARY_FOLDERS.map((name) => path.join(folder, name)))
    .flatMap((folder) => LIBRARIES.map((name) => path.join(folder, name)))
    .filter((file) => fs.existsSync(file));
  const headers = folders.map((folder) => path.join(folder, 'include')).filter((folder) => exists(folder, 'caffe', 'caffe.hpp'));
  const generated = folders
    .flatMap((folder) => [path.join(folder, 'include'), path.join(folder, 'src')])
    .filter((folder) => exists(folder, 'caffe', 'proto', 'caffe.pb.h'));
  const targets = folders
    .flatMap((folder) => [
      folder,
      path.join(folder, 'share', 'Caffe'),
      ...LIBRARY_FOLDERS.map((name) => path.join(folder, name, 'cmake', 'Caffe')),
    ])
    .filter((folder) => exists(folder, 'CaffeTargets.cmake'));
  const version = folders.map((folder) => cached(folder, 'CAFFE_TARGET_VERSION')).find(Boolean);
  return { libraries, headers, generated, targets, version };
}

function check(given, found) {
  const lacks = [
    [found.libraries, 'lib/libcaffe.so or lib/libcaffe.a'],
    [found.headers, 'include/caffe/caffe.hpp'],
    [found.generated, 'caffe/proto/caffe.pb.h'],
  ].flatMap(([list, name]) => (list.length === 0 ? [name] : []));
  if (lacks.length > 0) throw new SetupError(`CAFFE_ROOT is '${given}', where ${lacks.join(' and ')} cannot be found.`, { hint: EXPECTED });
}

/** All files named *.cmake that belong to an exported CaffeTargets. */
function targetFiles(folder) {
  if (!folder) return [];
  const names = fs.readdirSync(folder).filter((name) => /^CaffeTargets.*\.cmake$/.test(name));
  return names.map((name) => path.join(folder, name));
}

/**
 * Way 2: a Caffe that is already built. It is looked at once and described in build/caffe-root/caffe.json; a later set-up only compares
 * the sizes and times of what it saw.
 */
async function fromCaffeRoot(home, given) {
  const place = path.resolve(given);
  if (!fs.existsSync(place)) throw new SetupError(`CAFFE_ROOT is '${given}', which does not exist.`, { hint: EXPECTED });
  const found = locate(place);
  check(given, found);
  const cmake = targetFiles(found.targets[0]);
  const headers = [path.join(found.headers[0], 'caffe', 'caffe.hpp'), path.join(found.generated[0], 'caffe', 'proto', 'caffe.pb.h')];
  const key = digest()
    .value([DESCRIPTION, place])
    .identity([...found.libraries, ...headers, ...cmake])
    .toString();
  const prefix = path.join(home, 'build', 'caffe-root');
  const file = path.join(prefix, 'caffe.json');
  let manifest = readStamp(file);
  if (manifest?.key !== key) {
    const includes = [...new Set([found.headers[0], found.generated[0]])];
    const description = describeLibrary({ libraries: found.libraries, includes, cmake, prefix: place });
    manifest = { key, source: `CAFFE_ROOT ${place}`, ...description, version: description.version ?? found.version ?? 'unknown' };
    writeJson(file, manifest);
  }
  return { prefix, key, packages: () => missingPackages(manifest) };
}

module.exports = { fromCaffeRoot };
