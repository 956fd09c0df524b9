/** The command `caffe-node`, as it is built, in a process of its own. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const command = path.resolve(__dirname, '../../dist/cli/index.js');

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  /** What it has printed so far. */
  printed: { stdout: string; stderr: string };
  finished: Promise<Finished>;
}

/** Starts it; `input` is what its standard input holds. */
export function start(args: readonly string[], { input = '', ...options }: SpawnOptions & { input?: string } = {}): Running {
  const environment = { ...process.env, OMP_WAIT_POLICY: 'passive', ...options.env };
  const child = spawn(process.execPath, [command, ...args], { stdio: 'pipe', ...options, env: environment });
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      printed[name] += text;
    });
  }
  child.stdin?.on('error', () => {}); // it need not read its input
  child.stdin?.end(input);
  const finished = once(child, 'close').then(([code, signal]) => ({ code, signal, ...printed }));
  return { child, printed, finished };
}

export function caffeNode(args: readonly string[], options?: Parameters<typeof start>[1]): Promise<Finished> {
  return start(args, options).finished;
}

/** Waits until the process has printed something on standard output (or error). */
export async function untilPrinted(
  { child, printed, finished }: Running,
  text: RegExp,
  stream: 'stdout' | 'stderr' = 'stdout',
): Promise<void> {
  while (!text.test(printed[stream])) {
    const next = await Promise.race([once(child[stream] as NodeJS.ReadableStream, 'data'), finished.then(() => 'closed')]);
    if (next === 'closed' && !text.test(printed[stream])) throw new Error(`It ended without printing ${text}: ${JSON.stringify(printed)}`);
  }
}
