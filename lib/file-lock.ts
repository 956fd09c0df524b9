/** A lock between processes: a file that names its holder, whose holder shows that it lives by touching it. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import os from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from './abort';
import { writing } from './files';

const POLL_MS = 100;
const HEARTBEAT_MS = 5_000;
/** A holder on another machine, or in another container, counts as gone after this silence. */
const SILENCE_MS = 60_000;

interface Holder {
  token: string;
  host: string;
  pid: number;
  /** Tells processes apart that had the same id one after the other, also before and after a reboot. */
  start: string;
}

/** What a lock file says: `holder` is undefined while it is being written, or when its writer was killed right then. */
interface Seen {
  holder: Holder | undefined;
  age: number;
}

interface LockOptions {
  signal?: AbortSignal;
  /** Called once, when somebody else holds the lock. */
  onWait?: () => Promise<void>;
}

/**
 * Does some work while holding a lock. The lock of a process that ended without giving it back is broken.
 *
 * @param file the lock file, in a folder that exists.
 * @throws {CaffeError} ERR_CAFFE_ABORTED while it waits; ERR_CAFFE_FILE when the lock file cannot be written.
 */
export async function withFileLock<Result>(file: string, { signal, onWait }: LockOptions, work: () => Promise<Result>): Promise<Result> {
  const token = await acquire(file, signal, onWait);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {}); // somebody removed it by hand
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await look(file))?.holder?.token === token) await rm(file, { force: true });
  }
}

async function acquire(file: string, signal: AbortSignal | undefined, onWait: (() => Promise<void>) | undefined): Promise<string> {
  for (let waited = false; ; waited = true) {
    throwIfAborted(signal);
    const token = await tryToCreate(file);
    if (token !== undefined) return token;
    const seen = await look(file);
    if (!seen) continue;
    if (isStale(seen)) {
      await removeStale(file, seen);
      continue;
    }
    if (!waited) await onWait?.();
    await sleep(POLL_MS);
  }
}

async function tryToCreate(file: string): Promise<string | undefined> {
  const holder: Holder = { token: randomUUID(), host: os.hostname(), pid: process.pid, start: startOf(process.pid) };
  return writing(file, async () => {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(JSON.stringify(holder)).finally(() => handle.close());
      return holder.token;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
      throw error;
    }
  });
}

async function look(file: string): Promise<Seen | undefined> {
  try {
    const { mtimeMs } = await stat(file);
    return { holder: holderIn(await readFile(file, 'utf8')), age: Date.now() - mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function holderIn(text: string): Holder | undefined {
  try {
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

function isStale({ holder, age }: Seen): boolean {
  if (!holder) return age > 2 * HEARTBEAT_MS;
  if (holder.host !== os.hostname()) return age > SILENCE_MS;
  return !isAlive(holder.pid) || holder.start !== startOf(holder.pid);
}

/** Of several processes that try at once one wins, and none removes the lock of the next holder. */
async function removeStale(file: string, stale: Seen): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Somebody was faster, and this is already the next holder's lock: put it back, unless it was replaced meanwhile.
  if ((await look(aside))?.holder?.token !== stale.holder?.token) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The boot, and the time in it at which a process started; empty where there is no /proc. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses, which may itself hold spaces and parentheses.
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${start}`;
  } catch {
    return '';
  }
}
