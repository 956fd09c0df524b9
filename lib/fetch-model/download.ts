import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../abort';
import { CaffeError } from '../errors';
import type { Digests, Origin, PartialFile } from './partial-file';
import { PassingFailure, type Reply, request } from './request';

/** In hexadecimal; what is undefined is not compared. */
export type Checksums = Partial<Digests>;

export interface DownloadOptions {
  readonly expected: Checksums;
  readonly timeout: number;
  readonly retries: number;
  readonly signal?: AbortSignal;
  report(received: number, total: number | undefined): Promise<void>;
}

const FIRST_WAIT_MS = 250;
const MOST_WAIT_MS = 8_000;

/**
 * Completes a partial file from its URL: goes on where it ends, if the server still has the same file and can, and begins anew if not.
 *
 * @throws {CaffeError} ERR_CAFFE_FETCH when the server refuses, or too many attempts in a row bring nothing; ERR_CAFFE_CHECKSUM for a
 *   whole file that is another one: nothing is left of it; ERR_CAFFE_FILE, ERR_CAFFE_CALLBACK, ERR_CAFFE_ABORTED: what there is stays.
 */
export async function download(url: string, part: PartialFile, options: DownloadOptions): Promise<void> {
  let anew = false;
  for (;;) {
    const resumed = await completed(url, part, anew, options);
    if (mismatch(part.digests, options.expected) === undefined) return;
    // The beginning may have been of another file, whatever the server said: one attempt without it.
    if (!resumed || anew) break;
    anew = true;
  }
  await part.remove();
  const [kind, expected, actual] = mismatch(part.digests, options.expected) ?? [];
  throw new CaffeError(
    'ERR_CAFFE_CHECKSUM',
    `What '${url}' holds is not the file it should be: its ${kind} is ${actual}, expected was ${expected}.`,
    {
      hint: 'It was altered on the way, or replaced by its publisher. Nothing was kept of it.',
    },
  );
}

/** The first checksum that differs: its name, the expected and the actual one. */
export function mismatch(actual: Digests, expected: Checksums): [kind: string, expected: string, actual: string] | undefined {
  if (expected.sha1 !== undefined && expected.sha1 !== actual.sha1) return ['SHA-1', expected.sha1, actual.sha1];
  if (expected.sha256 !== undefined && expected.sha256 !== actual.sha256) return ['SHA-256', expected.sha256, actual.sha256];
  return undefined;
}

/** Attempts until the file is as long as the server says. @returns whether what was there before was used. */
async function completed(url: string, part: PartialFile, anew: boolean, options: DownloadOptions): Promise<boolean> {
  let furthest = part.size;
  let failures = 0;
  for (let mayResume = !anew; ; ) {
    try {
      const outcome = await attempt(url, part, mayResume, options);
      if (outcome !== 'refused') return outcome === 'resumed';
      mayResume = false;
    } catch (error) {
      if (!(error instanceof PassingFailure)) throw error;
      // A bad line that brings a little each time may take as many attempts as it needs.
      failures = part.size > furthest ? 0 : failures + 1;
      furthest = Math.max(furthest, part.size);
      if (failures > options.retries) throw givenUp(url, part, error);
      mayResume = true;
      await pause(failures, error, options.signal);
    }
  }
}

/** @returns 'refused' when the server cannot go on where the part ends. */
async function attempt(
  url: string,
  part: PartialFile,
  mayResume: boolean,
  options: DownloadOptions,
): Promise<'whole' | 'resumed' | 'refused'> {
  throwIfAborted(options.signal);
  const from = mayResume && isResumable(part, url, options.expected) ? part.size : 0;
  if (from > 0 && from === part.origin?.total) return 'resumed';
  const reply = await request(url, { headers: rangeHeaders(from, part.origin), timeout: options.timeout, signal: options.signal });
  try {
    const range = rangeOf(reply);
    const total = range?.total ?? part.origin?.total;
    const continues = from > 0 && range?.start === from && (part.origin?.total ?? total) === total;
    if (reply.status !== 200 && !continues) {
      if (from > 0) return 'refused';
      throw new CaffeError('ERR_CAFFE_FETCH', `'${url}' cannot be fetched: the server answered ${reply.status}, which makes no sense.`);
    }
    if (!continues) await part.restart(originOf(url, reply));
    await receive(reply, part, continues ? total : part.origin?.total, options);
    return continues ? 'resumed' : 'whole';
  } finally {
    reply.discard();
  }
}

async function receive(reply: Reply, part: PartialFile, total: number | undefined, { report }: DownloadOptions): Promise<void> {
  await report(part.size, total);
  for await (const bytes of reply.body()) {
    await part.append(bytes);
    await report(part.size, total);
  }
  // More than that comes only of a server that contradicts itself; it refuses the next range, and the file begins anew.
  if (total !== undefined && part.size !== total) throw new PassingFailure(`the connection ended after ${part.size} of ${total} bytes`);
}

/** Without anything that tells the files of a server apart, only a checksum shows afterwards that the two ends fit. */
function isResumable({ origin }: PartialFile, url: string, { sha1, sha256 }: Checksums): boolean {
  return origin?.url === url && (origin.validator ?? sha1 ?? sha256) !== undefined;
}

function rangeHeaders(from: number, origin: Origin | undefined): Record<string, string> {
  if (from === 0) return {};
  return { range: `bytes=${from}-`, ...(origin?.validator === undefined ? {} : { 'if-range': origin.validator }) };
}

/** What a 206 says it brings; undefined when it does not say so properly. */
function rangeOf({ status, headers }: Reply): { start: number; total: number | undefined } | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  if (status !== 206 || start === undefined) return undefined;
  return { start: Number(start), total: total === '*' ? undefined : Number(total) };
}

function originOf(url: string, { headers }: Reply): Origin {
  // What comes packed is unpacked before we see it: its length is another, and its places mean nothing.
  if ((headers.get('content-encoding') ?? 'identity') !== 'identity') return { url };
  const length = headers.get('content-length');
  const tag = headers.get('etag');
  const validator = tag?.startsWith('"') ? tag : (headers.get('last-modified') ?? undefined);
  return { url, validator, total: length === null ? undefined : Number(length) };
}

function givenUp(url: string, part: PartialFile, failure: PassingFailure): CaffeError {
  return new CaffeError('ERR_CAFFE_FETCH', `'${url}' cannot be fetched: ${failure.message}.`, {
    hint:
      part.size > 0 ? `The first ${part.size} bytes are kept: the next attempt goes on from there.` : 'Check the address and the network.',
    cause: failure,
  });
}

async function pause(failures: number, { wait }: PassingFailure, signal: AbortSignal | undefined): Promise<void> {
  const milliseconds = Math.max(wait, Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), MOST_WAIT_MS));
  const POLL_MS = 50;
  for (let left = milliseconds; left > 0; left -= POLL_MS) {
    throwIfAborted(signal);
    await sleep(Math.min(left, POLL_MS));
  }
}
