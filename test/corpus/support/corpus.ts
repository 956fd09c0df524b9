/** Turns a topic of the corpus into Jest tests, one for each bad input, from the reports of a child process. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** One bad input; see docs of the topics for what the functions are given. */
export interface Case {
  /** The public function or class member in question: 'Net#forward', 'Net.load', 'prototxt.parse'. */
  api: string;
  /** What is bad about it. */
  name: string;
  /** The documented code, or several where the place of the damage decides; 'none' for what is documented to do no harm. */
  code: string | string[];
}

interface Topic {
  cases: Case[];
  /** A shell command that limits the child, e.g. 'ulimit -f 64'. */
  limit?: string;
}

type Line = { begun: number } | { ended: number; problem: string } | { leaked: number } | { failed: string };

/** A hang is taken for one after this time without a report; the slowest cases take a few seconds on a loaded machine. */
const LONGEST_SILENCE = 120_000;

/** The topics, each a file of test/corpus/cases and a test file of its own. */
export const TOPICS = [
  'net',
  'blob',
  'solver',
  'prototxt',
  'document',
  'transformations',
  'images',
  'workflow',
  'tools',
  'damage',
  'disk',
  'batches',
  'io',
  'messages',
  'fetch',
  'weights',
  'check',
  'networks',
  'onnx',
  'engine',
] as const;

export function casesOf(topic: (typeof TOPICS)[number]): Case[] {
  return (require(path.join(__dirname, '../cases', topic)) as Topic).cases;
}

/** Defines a test for each case of a topic, and one that no file was left open. */
export function corpus(topicName: (typeof TOPICS)[number]): void {
  const topic = require(path.join(__dirname, '../cases', topicName)) as Topic;
  const outcome = new Outcome();

  beforeAll(async () => {
    // A case that ends the process must not hide those behind it.
    for (let next = 0; next < topic.cases.length; next = outcome.reached + 1) await runChild(topicName, topic, next, outcome);
  }, 600_000);

  test.each(topic.cases.map(({ api, name }, index) => [`${api}: ${name}`, index] as const))('%s', (_, index) => {
    expect(outcome.problems.get(index) ?? 'it was never run').toBe('');
  });

  test('no file is left open', () => {
    expect(outcome.leaked).toBe(0);
  });
}

class Outcome {
  readonly problems = new Map<number, string>();
  leaked = 0;
  /** Index of the last case that has an outcome. */
  reached = -1;

  settle(index: number, problem: string): void {
    this.problems.set(index, problem);
    this.reached = index;
  }
}

async function runChild(topicName: string, topic: Topic, first: number, outcome: Outcome): Promise<void> {
  const program = [process.execPath, path.join(__dirname, 'child.js'), topicName, String(first)];
  const limited = topic.limit ? ['bash', '-c', `${topic.limit}; exec "$@"`, 'limited', ...program] : program;
  const child = spawn(limited[0] as string, limited.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, OMP_WAIT_POLICY: 'passive' },
  });
  let errors = '';
  let running: number | undefined;
  let finished = false;
  let silence = setTimeout(() => child.kill('SIGKILL'), LONGEST_SILENCE);
  child.stderr.on('data', (data) => {
    errors = (errors + data).slice(-2000);
  });
  const closed = new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`)));

  for await (const text of createInterface({ input: child.stdout })) {
    clearTimeout(silence);
    silence = setTimeout(() => child.kill('SIGKILL'), LONGEST_SILENCE);
    const line = JSON.parse(text) as Line;
    if ('begun' in line) running = line.begun;
    else if ('ended' in line) {
      outcome.settle(line.ended, line.problem);
      running = undefined;
    } else if ('leaked' in line) {
      outcome.leaked += line.leaked;
      finished = true;
    } else throw new Error(`The topic '${topicName}' could not be prepared: ${line.failed}`);
  }
  const ending = await closed;
  clearTimeout(silence);
  if (finished && ending === 'exit code 0') return;
  outcome.settle(running ?? outcome.reached + 1, `it ended the process, or did not end (${ending}): ${errors}`);
}
