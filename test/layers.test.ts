/** Every layer type of the linked Caffe, misconfigured in every way that its schema allows: refused with a reason, or run. */
import { writeFileSync } from 'node:fs';
import { caffe } from '../lib/caffe';
import { runChild } from './support/child';
import { temporaryFolder } from './support/folders';
import { casesOf, type LayerCase, pairsOf, TEMPLATES } from './support/layer-cases';

const folder = temporaryFolder();
jest.setTimeout(300_000); // seconds on an idle machine

interface Refusal {
  code: string;
  layer?: string;
  hint?: string;
  line?: number;
  message: string;
}
type Outcome = 'ran' | Refusal;
interface Report {
  code: number | null;
  signal: string | null;
  stderr: string;
  /** The case that was begun last. */
  last: string;
  outcomes: Map<string, { test: Outcome; train: Outcome; afterwards: number }>;
}

/** Runs cases in a process of their own. */
async function run(cases: LayerCase[]): Promise<Report> {
  const file = folder(`${cases[0]?.type}.json`);
  writeFileSync(file, JSON.stringify(cases));
  const { code, signal, stdout, stderr } = await runChild('networks.js', file);
  const outcomes: Report['outcomes'] = new Map();
  let last = 'none';
  for (const line of stdout.split('\n').filter(Boolean)) {
    const { start, end, outcome, afterwards } = JSON.parse(line);
    if (start) last = start;
    if (end) outcomes.set(end, { ...outcome, afterwards });
  }
  return { code, signal, stderr, last, outcomes };
}

const isRefusal = (outcome: Outcome): outcome is Refusal => outcome !== 'ran';

const types = caffe.layerTypes;
const GROUPS = 6;
const groups = Array.from({ length: GROUPS }, (_, group) => types.filter((_, index) => index % GROUPS === group));
/** Pairs of mistakes for each type; LAYER_PAIRS=1000 makes a long search of it. */
const PAIRS = Number(process.env.LAYER_PAIRS ?? 12);

/** Runs the cases: each must be refused with a reason or run, and the process must go on computing. */
async function outcomesOf(cases: LayerCase[]): Promise<Report['outcomes']> {
  const { code, signal, stderr, last, outcomes } = await run(cases);
  expect({ code, signal, stderr, last }).toEqual({ code: 0, signal: null, stderr: '', last: cases.at(-1)?.name });
  for (const [name, { test, train, afterwards }] of outcomes) {
    expect([name, afterwards]).toEqual([name, 6.5]);
    for (const refusal of [test, train].filter(isRefusal)) {
      // What protobuf refuses has a line, or names the field that is missing; everything else names the layer.
      const ofText = refusal.code === 'ERR_CAFFE_PROTOTXT' && (refusal.line !== undefined || refusal.message.includes('missing required'));
      expect([name, refusal, ofText ? 'x' : refusal.layer]).toEqual([name, refusal, 'x']);
      // What our own checks say contains what is expected; what Caffe's say needs a hint.
      expect([name, refusal.code !== 'ERR_CAFFE_FATAL' || refusal.hint !== undefined]).toEqual([name, true]);
    }
  }
  return outcomes;
}

test('there is a template for every layer type', () => {
  expect(types.filter((type) => !(type in TEMPLATES))).toEqual([]);
});

describe.each(groups.map((group) => [group.join(', '), group] as const))('%s', (_, group) => {
  test('one mistake', async () => {
    const outcomes = await outcomesOf(group.flatMap(casesOf));
    for (const type of group) {
      const ofType = [...outcomes].filter(([name]) => name.startsWith(`${type}: `));
      expect([type, ofType.filter(([, { test }]) => isRefusal(test)).length >= 3]).toEqual([type, true]);
      // These two need files; test/data-layer.test.ts and test/checks.test.ts run them.
      if (['Data', 'HDF5Data'].includes(type)) continue;
      expect([type, outcomes.get(`${type}: as it should be`)]).toEqual([type, { test: 'ran', train: 'ran', afterwards: 6.5 }]);
    }
  });

  test('two mistakes at once', async () => {
    await outcomesOf(group.flatMap((type) => pairsOf(type, PAIRS)));
  });
});
