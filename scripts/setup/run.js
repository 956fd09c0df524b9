const { spawn } = require('node:child_process');
const { SetupError, FULL_TEXT, diskFull } = require('./error');

const PERCENT = /^\[\s*(\d{1,3})%\]/gm;
// Enough for the compiler's first complaint and the tool's last word; the log has the rest.
const TAIL_LINES = 25;
const LINE_LENGTH = 240;
const GRACE_MS = 3_000;

const children = new Set();
let ending = false;

/** The environment for tools: what `npm test` adds to ours could change what a nested npm or cmake-js does. */
function toolEnvironment(extra = {}) {
  const env = { ...process.env, LC_ALL: 'C', ...extra };
  for (const name of Object.keys(env)) {
    if (/^npm_(package|lifecycle|command|config_(json|offline|prefix|local_prefix|global_prefix|omit|ignore_scripts|dry_run))/.test(name)) {
      delete env[name];
    }
  }
  return env;
}

/** The lines worth showing of a failed run: from the first error on when a compiler spoke, otherwise the last ones. */
function excerpt(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const firstError = lines.findIndex((line) => /\berror\b[ :]|CMake Error/i.test(line));
  const relevant = (firstError < 0 ? lines.slice(-TAIL_LINES) : lines.slice(firstError)).map((line) => line.slice(0, LINE_LENGTH));
  if (relevant.length <= TAIL_LINES) return relevant;
  const half = Math.floor(TAIL_LINES / 2);
  return [...relevant.slice(0, half), '…', ...relevant.slice(-half)];
}

/**
 * Runs a program; its output goes to the log, percentages in it to the screen.
 *
 * @param {import('./report').Report} report
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, failure?: string, hint?: string, disk?: string }} options
 *   `failure` begins the message when it fails, `disk` is the folder it writes to
 * @returns {Promise<string>} its output
 */
function run(report, command, args, { cwd, env, failure = `${command} failed`, hint, disk } = {}) {
  if (ending) return Promise.reject(new SetupError('Interrupted.'));
  report.openLog();
  report.write(`\n$ ${[command, ...args].map(quoted).join(' ')}${cwd ? `    (in ${cwd})` : ''}\n`);
  return new Promise((resolve, reject) => {
    // A process group of its own, so that the whole tree below it can be ended: make does not take its compilers along.
    const child = spawn(command, args, { cwd, env: toolEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    children.add(child);
    let output = '';
    let broken;
    const take = (chunk) => {
      output += chunk;
      try {
        report.write(chunk);
      } catch (error) {
        broken ??= error;
        endGroup(child, 'SIGTERM');
      }
      for (const match of chunk.matchAll(PERCENT)) report.progress(Number(match[1]));
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    child.on('error', (error) => {
      children.delete(child);
      const missing = error.code === 'ENOENT';
      reject(new SetupError(`${failure}: ${missing ? `${command} is not installed` : error.message}.`, { hint }));
    });
    child.on('close', (code, signal) => {
      children.delete(child);
      if (broken) reject(broken);
      else if (code === 0) resolve(output);
      else if (FULL_TEXT.test(output)) reject(diskFull(disk ?? cwd));
      else
        reject(new SetupError(`${failure} (${signal ? `ended by ${signal}` : `exit code ${code}`}).`, { hint, details: excerpt(output) }));
    });
  });
}

function quoted(argument) {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // already gone
  }
}

/** Ends every running program with all its children, and lets none start after it; resolves when they are gone. */
async function endAll() {
  ending = true;
  const running = [...children];
  if (running.length === 0) return;
  const gone = Promise.all(running.map((child) => new Promise((resolve) => child.once('close', resolve))));
  for (const child of running) endGroup(child, 'SIGTERM');
  const force = setTimeout(() => {
    for (const child of running) endGroup(child, 'SIGKILL');
  }, GRACE_MS);
  await gone;
  clearTimeout(force);
}

module.exports = { run, endAll, quoted };
