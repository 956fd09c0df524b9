const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');

const POLL_MS = 250;
// A set-up that finds nothing to do is shorter than this: waiting for it is not worth a word.
const PATIENCE_MS = 1_500;
const HEARTBEAT_MS = 5_000;
// A holder that we cannot look up (another machine or container that shares the folder) counts as gone after this silence.
const SILENCE_MS = 60_000;

/** Changes with every boot, so that a process id from before a reboot is not taken for today's process of the same number. */
function bootId() {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Tells two processes that had the same id one after the other apart. Empty where /proc does not exist. */
function startTime(pid) {
  try {
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The holder that a lock file names, `undefined` when there is no lock file, or `{ age }` alone when it is unreadable. */
function readHolder(file) {
  try {
    const age = Date.now() - fs.statSync(file).mtimeMs;
    try {
      return { ...JSON.parse(fs.readFileSync(file, 'utf8')), age };
    } catch (error) {
      if (error.code === 'ENOENT') return undefined;
      return { age }; // being written at this moment, or its writer was killed right then
    }
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function isStale(holder) {
  if (holder.pid === undefined) return holder.age > 2 * HEARTBEAT_MS;
  if (holder.host !== os.hostname()) return holder.age > SILENCE_MS;
  if (holder.boot !== bootId()) return true;
  return !isAlive(holder.pid) || holder.start !== startTime(holder.pid);
}

function tryToCreate(file, what) {
  const holder = {
    token: crypto.randomUUID(),
    pid: process.pid,
    start: startTime(process.pid),
    boot: bootId(),
    host: os.hostname(),
    what,
    since: Date.now(),
  };
  let handle;
  try {
    handle = fs.openSync(file, 'wx');
  } catch (error) {
    if (error.code === 'EEXIST') return undefined;
    throw error;
  }
  try {
    fs.writeSync(handle, JSON.stringify(holder));
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw error;
  } finally {
    fs.closeSync(handle);
  }
  return holder;
}

/** Removes a stale lock. Of several processes that try at once one wins, and none removes the lock of the next holder. */
function removeStale(file, stale) {
  const aside = `${file}.${crypto.randomUUID()}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (readHolder(aside)?.token !== stale.token) {
    // Somebody was faster, and this is already the next holder's lock: put it back, unless it was replaced meanwhile.
    try {
      fs.linkSync(aside, file);
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
  fs.rmSync(aside, { force: true });
}

const held = new Set();

/**
 * Waits until the lock is ours.
 *
 * @param {string} file the lock file; its folder is made
 * @param {string} what what the holder is doing and where: others that wait print it
 * @param {(holder: { pid: number, what: string, since: number }) => void} onWait called once per holder that is waited for
 * @returns {Promise<() => void>} gives the lock back
 */
async function acquire(file, what, onWait = () => {}) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const started = Date.now();
  let reported;
  for (;;) {
    const mine = tryToCreate(file, what);
    if (mine) return hold(file, mine);
    const holder = readHolder(file);
    if (!holder) continue;
    if (isStale(holder)) {
      removeStale(file, holder);
      continue;
    }
    if (holder.token && holder.token !== reported && Date.now() - started > PATIENCE_MS) {
      reported = holder.token;
      onWait(holder);
    }
    await sleep(POLL_MS);
  }
}

function hold(file, mine) {
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now, () => {});
  }, HEARTBEAT_MS);
  heartbeat.unref();
  const release = () => {
    if (!held.delete(release)) return;
    clearInterval(heartbeat);
    if (readHolder(file)?.token === mine.token) fs.rmSync(file, { force: true });
  };
  held.add(release);
  return release;
}

/** Gives back whatever this process holds: for the way out. */
function releaseAll() {
  for (const release of [...held]) release();
}

module.exports = { acquire, releaseAll };
