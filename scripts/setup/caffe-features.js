const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { SetupError } = require('./error');

// A symbol that only a library with the feature has, the definition its headers want, what a static one is linked with, and for what
// the addon does not need anyway, a header and the package it is in.
const FEATURES = [
  { symbol: /\bcaffe::db::LMDB::/, definition: 'USE_LMDB', libraries: ['lmdb'] },
  {
    symbol: /\bcaffe::db::LevelDB::/,
    definition: 'USE_LEVELDB',
    libraries: ['leveldb', 'snappy'],
    header: 'leveldb/db.h',
    package: 'libleveldb-dev',
  },
  { symbol: /\bcaffe::HDF5OutputLayer<float>::/, definition: 'USE_HDF5', libraries: [] },
  {
    symbol: /\bcaffe::ReadImageToCVMat\(/,
    definition: 'USE_OPENCV',
    libraries: ['opencv_core', 'opencv_imgproc', 'opencv_imgcodecs'],
    header: 'opencv2/core/core.hpp',
    package: 'libopencv-dev',
  },
  { symbol: /\bcudnnCreate\b/, definition: 'USE_CUDNN', libraries: ['cudnn'] },
  { symbol: /\bnccl[A-Z]\w+/, definition: 'USE_NCCL', libraries: ['nccl'] },
];
const GLOG = { header: 'glog/logging.h', package: 'libgoogle-glog-dev' };
const CUDA = /\b(cudaGetDevice|cublasCreate(_v2)?)\b/;
const OPENCL = /\b(clCreateKernel|clEnqueueNDRangeKernel)\b|\bviennacl::/;
const BLAS = [
  { name: 'openblas', pattern: /openblas/i, libraries: ['openblas'] },
  { name: 'mkl', pattern: /\bmkl|libmkl/i, libraries: ['mkl_rt'], definition: 'USE_MKL' },
  { name: 'atlas', pattern: /atlas|satlas|tatlas/i, libraries: ['cblas', 'atlas'] },
];

function output(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    if (error.code === 'ENOENT')
      throw new SetupError(`${command} is not installed.`, { hint: 'It is part of binutils (Debian: build-essential).' });
    throw new SetupError(`${args.at(-1)} is no library that this machine can use: ${command} fails on it.`, {
      hint: 'Was it built for another architecture, or cut short?',
    });
  }
}

const isShared = (library) => !library.endsWith('.a');
const symbolsOf = (library) => output('nm', ['-C', ...(isShared(library) ? ['-D'] : []), library]);
const neededBy = (library) => (isShared(library) ? (output('readelf', ['-d', library]).match(/NEEDED.*\[(.*)\]/g) ?? []) : []).join('\n');

/** What CMake wrote down about a Caffe that it built: definitions, include folders, libraries. Empty for one that make built. */
function readTargets(files, prefix) {
  const text = files.map((file) => fs.readFileSync(file, 'utf8')).join('\n');
  // The first set of properties is caffe's, the second caffeproto's.
  const list = (property) => (new RegExp(`${property}(?:_[A-Z]+)?\\s+"([^"]*)"`).exec(text)?.[1] ?? '').split(';').filter(Boolean);
  const resolve = (item) => item.replace(/\$\{_IMPORT_PREFIX\}/g, prefix).replace(/^\\?\$<LINK_ONLY:(.*)>$/, '$1');
  return {
    definitions: list('INTERFACE_COMPILE_DEFINITIONS').map((item) => item.replace(/^-D/, '')),
    includes: list('INTERFACE_INCLUDE_DIRECTORIES').map(resolve),
    libraries: [...list('IMPORTED_LINK_INTERFACE_LIBRARIES'), ...list('INTERFACE_LINK_LIBRARIES')].map(resolve),
  };
}

/**
 * The static one where both exist and it throws (it shares one log with the addon), otherwise the shared one, which knows what it needs.
 */
function choose(libraries) {
  const shared = libraries.find(isShared);
  const archive = libraries.find((library) => !isShared(library));
  if (!archive) return { library: shared, symbols: symbolsOf(shared) };
  const symbols = symbolsOf(archive);
  if (!shared || throws(symbols)) return { library: archive, symbols };
  return { library: shared, symbols: symbolsOf(shared) };
}

const throws = (symbols) => /\bgoogle::FatalError\b/.test(symbols);

function flavourOf(symbols, includes) {
  const hasOpenClHeaders = ['greentea', 'backend'].some((name) =>
    includes.some((folder) => fs.existsSync(path.join(folder, 'caffe', name))),
  );
  if (OPENCL.test(symbols) || hasOpenClHeaders) return 'opencl';
  return CUDA.test(symbols) ? 'cuda' : 'cpu';
}

/** The archives of a static build: caffe, and caffeproto beside it where CMake made two. */
function archivesOf(library) {
  const proto = path.join(path.dirname(library), 'libcaffeproto.a');
  return fs.existsSync(proto) ? [library, proto] : [library];
}

/** What a static library is linked with, when CMake has left no list. */
function guessLibraries(features, flavour, glog, blas) {
  const libraries = ['gflags', ...(glog === 'real' ? ['glog'] : []), ...features.flatMap((feature) => feature.libraries)];
  if (flavour === 'cuda') libraries.push('cudart', 'cublas', 'curand');
  if (flavour === 'opencl') libraries.push('OpenCL');
  return [...libraries, ...blas.libraries];
}

/** Absolute paths stay; `-lname` and plain names become names to be found; targets of CMake are found by CMakeLists.txt itself. */
function linkItems(items) {
  return items
    .filter((item) => !/::|^caffe(proto)?$|^-(?!l)/.test(item) && !/lib(pthread|dl|m|rt|crypto|curl|sz|z)\.(a|so)$/.test(item))
    .map((item) => item.replace(/^-l/, ''));
}

/**
 * Describes a built Caffe in the words of caffe.json. Its version is known only of a shared library.
 *
 * @param {{ libraries: string[], includes: string[], cmake: string[], prefix: string }} found `cmake` are the files of an exported
 *   CaffeTargets, `prefix` is where it was installed
 */
function describeLibrary({ libraries, includes, cmake, prefix }) {
  const { library, symbols } = choose(libraries);
  const exported = readTargets(cmake, prefix);
  const glog = throws(symbols) ? 'throwing' : 'real';
  const flavour = flavourOf(symbols, includes);
  const features = FEATURES.filter(({ symbol }) => symbol.test(symbols));
  const blas = BLAS.find(({ pattern }) => pattern.test([neededBy(library), ...exported.libraries].join('\n'))) ?? BLAS[0];
  const definitions = new Set([...exported.definitions, ...features.map((feature) => feature.definition)]);
  if (flavour === 'cpu') definitions.add('CPU_ONLY');
  if (flavour === 'opencl') definitions.add('USE_OPENCL').add('USE_GREENTEA');
  if (blas.definition) definitions.add(blas.definition);
  const staticLibraries = exported.libraries.length > 0 ? linkItems(exported.libraries) : guessLibraries(features, flavour, glog, blas);
  const linked = isShared(library) ? [library, 'gflags', ...(glog === 'real' ? ['glog'] : []), ...blas.libraries] : staticLibraries;
  return {
    version: /\.so\.([\d.]+)/.exec(fs.realpathSync(library))?.[1],
    flavour,
    glog,
    blas: blas.name,
    archives: isShared(library) ? [] : archivesOf(library),
    libraries: [...new Set(linked)],
    includes: [...new Set([...includes, ...exported.includes.filter((folder) => fs.existsSync(folder) && folder !== '/usr/include')])],
    definitions: [...definitions],
  };
}

/** Whether the compiler finds a header, wherever its user has put it. */
function hasHeader(header, includes) {
  const { status } = spawnSync(process.env.CXX ?? 'c++', ['-E', '-x', 'c++', '-', ...includes.map((folder) => `-I${folder}`)], {
    input: `#include <${header}>\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return status === 0;
}

/** The system packages that are missing for the headers of a Caffe described in this way. */
function missingPackages({ glog, definitions, includes }) {
  const wanted = [...(glog === 'real' ? [GLOG] : []), ...FEATURES.filter(({ definition }) => definitions.includes(definition))];
  return wanted.flatMap((feature) => (feature.header && !hasHeader(feature.header, includes) ? [feature.package] : []));
}

module.exports = { describeLibrary, missingPackages };
