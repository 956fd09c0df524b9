const fs = require('node:fs');
const path = require('node:path');
const { debianMirrors, readSources } = require('./apt-sources');
const { SetupError } = require('./error');
const { run } = require('./run');
const { sha256 } = require('./stamp');

/** The Debian source package; only its upstream tarball is used, none of Debian's patches. */
const DEBIAN = {
  suite: 'bullseye',
  package: 'caffe=1.0.0+git20180821.99bd997-8',
  version: '1.0.0+git20180821.99bd997',
  tarball: 'caffe_1.0.0+git20180821.99bd997.orig.tar.gz',
  sha256: 'e0eb3f06794f7402c77b7dec8e8480273ee1a1bb192e9122b621a69d4147ad0c',
};
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const OTHER_WAYS = 'CAFFE_SOURCE may name a Caffe source tree or tarball, CAFFE_ROOT a built Caffe: see docs/setup.md.';

/** @throws {SetupError} when the file is not, byte for byte, the one that was pinned */
async function verify(file, expected = DEBIAN.sha256) {
  const actual = await sha256(file);
  if (actual === expected) return;
  throw new SetupError(`${file} is not the file it should be: its SHA-256 is\n    ${actual}, expected was\n    ${expected}.`, {
    hint: 'It was cut short or altered on the way. Remove it and run the same command again.',
  });
}

/**
 * One line of a sources.list for the source package, with the rights the machine's own entry for this mirror has.
 * @param {import('./apt-sources').AptSource} mirror
 */
function sourceLine({ uri, signedBy, trusted }) {
  const key = fs.existsSync(KEYRING) ? KEYRING : signedBy;
  const options = [key && `signed-by=${key}`, trusted && 'trusted=yes'].filter(Boolean);
  return `deb-src ${options.length > 0 ? `[${options.join(' ')}] ` : ''}${uri} ${DEBIAN.suite} main\n`;
}

/** Lets apt fetch the source package into `folder`, with lists and caches of its own there: nothing on the system changes. */
async function fetchFrom(report, mirror, folder) {
  for (const name of ['etc', 'lists/partial', 'cache/archives/partial']) fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, 'etc', 'sources.list'), sourceLine(mirror));
  const options = {
    'Dir::Etc::SourceList': path.join(folder, 'etc', 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': path.join(folder, 'lists'),
    'Dir::Cache': path.join(folder, 'cache'),
    // An old suite on a mirror may be past its date; what is taken from it is checked against a pinned sum anyway.
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Retries': '2',
    // apt's own user may not enter the cache of the user who runs this.
    ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  await run(report, 'apt-get', [...flags, 'update'], { cwd: folder });
  await run(report, 'apt-get', [...flags, '--download-only', 'source', DEBIAN.package], { cwd: folder });
}

/**
 * The verified upstream tarball of the Debian package, from the cache or from the machine's own mirror.
 *
 * @param {import('./report').Report} report
 * @param {string} cache
 * @param {string} scratch a folder of the caller's own to work in
 * @returns {Promise<string>} its path
 */
async function debianTarball(report, cache, scratch) {
  const file = path.join(cache, 'sources', DEBIAN.tarball);
  if (fs.existsSync(file)) {
    await verify(file);
    return file;
  }
  const mirrors = debianMirrors(readSources());
  if (mirrors.length === 0) {
    throw new SetupError('Caffe cannot be fetched: apt on this machine knows no mirror of Debian.', { hint: OTHER_WAYS });
  }
  const folder = path.join(scratch, 'download');
  await report.step('Caffe: downloading the source', async () => {
    fs.mkdirSync(folder, { recursive: true });
    await firstThatWorks(mirrors, (mirror) => fetchFrom(report, mirror, folder));
    await verify(path.join(folder, DEBIAN.tarball));
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.renameSync(path.join(folder, DEBIAN.tarball), file);
  });
  return file;
}

async function firstThatWorks(mirrors, attempt) {
  let failure;
  for (const mirror of mirrors) {
    try {
      return await attempt(mirror);
    } catch (error) {
      failure ??= error;
    }
  }
  throw new SetupError(
    `The source of Caffe (Debian package ${DEBIAN.package}, suite ${DEBIAN.suite}) could not be downloaded: ${failure.message}`,
    {
      details: failure.details,
      hint: `Check the network and run the same command again. ${OTHER_WAYS}`,
    },
  );
}

module.exports = { DEBIAN, debianTarball, verify, sourceLine };
