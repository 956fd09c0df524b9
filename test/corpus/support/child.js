// Runs the cases of one topic, in order and in one process, and reports each on a line of JSON before it runs and after it. A crash, a hang
// or an exit is thereby known by the name of its case. Started by test/corpus/support/corpus.ts: `node child.js TOPIC FIRST-CASE`.
const { mkdirSync, mkdtempSync, readdirSync, rmSync, writeSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');
const { inspect } = require('node:util');
const { CaffeError, Net } = require('../../..');
const { LINEAR } = require('./networks');

const [, , topicName, first] = process.argv;
const topic = require(`../cases/${topicName}`);

/** Straight to the descriptor: what a crash leaves in a stream's buffer is lost. */
const report = (line) => writeSync(1, `${JSON.stringify(line)}\n`);

/** Errors that reached nobody, since the case began. */
const stray = [];
process.on('unhandledRejection', (error) => stray.push(`an unhandled rejection: ${inspect(error)}`));
process.on('uncaughtException', (error) => stray.push(`an uncaught exception: ${inspect(error)}`));

const problemOf = (label, what) => `${label}: ${what}`;

/** What is wrong with how one bad call ended; undefined when nothing is. */
async function problemOfCall({ code, sync = false }, label, call) {
  const codes = [code].flat();
  let outcome;
  try {
    const returned = call();
    if (sync && !codes.includes('none')) return problemOf(label, `returned ${inspect(returned)}`);
    outcome = { threw: false };
    const value = await returned;
    if (codes.includes('none')) return undefined;
    return problemOf(label, `resolved with ${inspect(value, { depth: 0 })}`);
  } catch (error) {
    if (!sync && outcome === undefined) return problemOf(label, `threw instead of rejecting: ${inspect(error)}`);
    if (!(error instanceof CaffeError)) return problemOf(label, `failed with ${inspect(error)}`);
    if (!codes.includes(error.code)) return problemOf(label, `failed with ${inspect(error)}, not ${codes.join(' or ')}`);
    if (typeof error.message !== 'string' || error.message === '') return problemOf(label, 'failed without a message');
    return undefined;
  }
}

/** Each case is one bad call, or a series of them (`each`): pairs of a label and a call. */
async function problemOfCase(bad, fixture) {
  if (bad.each === undefined) return problemOfCall(bad, 'the call', () => bad.run(fixture));
  let calls = 0;
  for await (const [label, call] of bad.each(fixture)) {
    calls++;
    const problem = await problemOfCall(bad, label, call);
    if (problem !== undefined) return problem;
  }
  return calls > 0 ? undefined : 'it made no call';
}

/** A net that has nothing to do with the case, and then what the case itself used, must work as if nothing had happened. */
async function problemAfter(fixture) {
  try {
    const net = await Net.from(LINEAR);
    const { fc } = await net.forward({ data: [1, 2, 3] });
    await net.dispose();
    if (fc.data[0] !== 6.5) return `another net computes ${fc.data[0]}, not 6.5`;
    await topic.works?.(fixture);
    return undefined;
  } catch (error) {
    return `afterwards: ${inspect(error)}`;
  }
}

function remainsIn(folder) {
  const names = readdirSync(folder, { recursive: true });
  return names.length === 0 ? undefined : `it left behind: ${names.join(', ')}`;
}

async function runCase(bad, fixture, output) {
  mkdirSync(output);
  stray.length = 0;
  const problem = (await problemOfCase(bad, fixture)) ?? (await problemAfter(fixture));
  await new Promise(setImmediate);
  const problems = [problem, remainsIn(output), ...stray].filter((text) => text !== undefined);
  rmSync(output, { recursive: true, force: true });
  return problems.join('\n');
}

const openFiles = () => readdirSync('/proc/self/fd').length;

/** How many more files are open than there were: those that are being closed are given time for it. */
async function leakedSince(opened) {
  for (let wait = 0; wait < 100 && openFiles() > opened; wait++) await new Promise((resolve) => setTimeout(resolve, 20));
  return Math.max(0, openFiles() - opened);
}

async function main() {
  const folder = mkdtempSync(path.join(tmpdir(), 'caffe-node-corpus-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const output = path.join(folder, 'output');
  const fixture = { folder, output, ...(await topic.prepare?.(folder)) };
  const opened = openFiles();
  for (const [index, bad] of topic.cases.entries()) {
    if (index < Number(first)) continue;
    report({ begun: index });
    report({ ended: index, problem: await runCase(bad, fixture, output) });
  }
  await topic.release?.(fixture);
  report({ leaked: await leakedSince(opened) });
}

main().catch((error) => {
  report({ failed: inspect(error) });
  process.exitCode = 1;
});
