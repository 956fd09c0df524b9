// `npm run fuzz`: tries to break the package with altered files and texts. docs/setup.md explains it.
const fs = require('node:fs');
const path = require('node:path');
const { SetupError, explain } = require('../scripts/setup/error');
const { ensureCaffe } = require('../scripts/setup/caffe');
const paths = require('../scripts/setup/paths');
const { Report } = require('../scripts/setup/report');
const { fuzzApi } = require('./api');
const { parseArguments } = require('./arguments');
const { dictionaryOf } = require('./dictionary');
const { PARSERS, buildParsers, ensureClang, fuzzParser } = require('./parsers');
const { makeSeeds } = require('./seeds');

const FOLDER = path.join(paths.root, 'build', 'fuzz');
const FINDINGS = path.join(FOLDER, 'findings');
const TARGETS = ['api', ...PARSERS];

async function build(targets) {
  const report = new Report({ logFile: path.join(FOLDER, 'fuzz.log') });
  await ensureClang(report);
  const { prefix } = await ensureCaffe(report, { root: paths.root, home: paths.addonHome(), cache: paths.cacheDirectory() });
  if (!fs.existsSync(path.join(prefix, 'lib', 'libcaffeproto.a'))) {
    throw new SetupError('The fuzz targets in C++ need a Caffe that set-up built.', { hint: 'Unset CAFFE_ROOT, or give --target api.' });
  }
  buildParsers(path.join(FOLDER, 'bin'), prefix, targets);
}

async function fuzz(target, { seeds, seconds, seed }) {
  if (target === 'api') return fuzzApi({ seeds, seconds, seed, folder: fs.mkdtempSync(path.join(FOLDER, 'api-')), findings: FINDINGS });
  return fuzzParser({
    target,
    seconds,
    seed,
    files: seeds[target],
    build: path.join(FOLDER, 'bin'),
    corpus: path.join(FOLDER, 'corpus', target),
    findings: FINDINGS,
    dictionary: target === 'prototxt' ? dictionaryOf(path.join(FOLDER, 'prototxt.dict')) : undefined,
  });
}

async function main() {
  const { targets, seconds, seed } = parseArguments(process.argv.slice(2), TARGETS);
  fs.mkdirSync(FOLDER, { recursive: true });
  const parsers = targets.filter((target) => target !== 'api');
  if (parsers.length > 0) await build(parsers);
  const work = fs.mkdtempSync(path.join(FOLDER, 'seeds-'));
  const seeds = await makeSeeds(work);
  fs.rmSync(work, { recursive: true });
  console.log(`seed ${seed}`);
  const share = Math.max(1, Math.floor(seconds / targets.length));
  let failed = false;
  for (const target of targets) {
    const started = Date.now();
    const { executions, outcomes, finding } = await fuzz(target, { seeds, seconds: share, seed });
    console.log(
      `${target}: ${executions} inputs in ${Math.round((Date.now() - started) / 1000)} s${outcomes ? `: ${JSON.stringify(outcomes)}` : ''}`,
    );
    if (!finding) continue;
    failed = true;
    console.log(`${finding.text}\n${target} fails on ${finding.file}`);
  }
  process.exitCode = failed ? 1 : 0;
}

main().catch((error) => {
  const explained = explain(error);
  console.error(
    explained instanceof SetupError ? [explained.message, explained.hint, ...explained.details].filter(Boolean).join('\n') : explained,
  );
  process.exitCode = explained.exitCode ?? 1;
});
