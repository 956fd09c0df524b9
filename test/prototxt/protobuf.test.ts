/**
 * Our reading of the text format against protobuf's own, in the linked Caffe: the same message, or both refuse. It differs on purpose in
 * one thing: a 64-bit integer that a JavaScript number does not hold exactly is refused.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { CaffeError } from '../../lib/errors';
import { native } from '../../lib/native';
import { parseNet, parseSolver } from '../../lib/prototxt';
import { shared, sharedIsPresent } from '../support/shared';
import { type Draw, messageText } from './generate';
import * as texts from './protobuf-texts';

type Kind = 'NetParameter' | 'SolverParameter';
type Outcome = { message: unknown } | { refused: string };

const READERS = { NetParameter: parseNet, SolverParameter: parseSolver };
const INEXACT = `to ${Number.MAX_SAFE_INTEGER}`;

function outcomeOf(read: () => unknown): Outcome {
  try {
    return { message: read() };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

function compare(text: string, kind: Kind = 'NetParameter'): 'read' | 'refused' {
  const ours = outcomeOf(() => READERS[kind](text));
  const theirs = outcomeOf(() => native.messages.fromText(kind, text));
  if ('refused' in ours && ours.refused.includes(INEXACT)) return 'refused';
  if ('refused' in ours !== 'refused' in theirs) throw new Error(`${JSON.stringify(text)}\nours: ${show(ours)}\ntheirs: ${show(theirs)}`);
  if ('refused' in ours || 'refused' in theirs) return 'refused';
  expect(ours.message).toEqual(asFloats(theirs.message, ours.message));
  return 'read';
}

const show = (outcome: Outcome) => ('refused' in outcome ? outcome.refused : JSON.stringify(outcome.message));

/** Their message, its typed arrays as arrays, and each number as ours where both are the same 32-bit float. */
function asFloats(theirs: unknown, ours: unknown): unknown {
  if (typeof theirs === 'number')
    return typeof ours === 'number' && Math.fround(ours) === Math.fround(theirs) && isFraction(ours) ? ours : theirs;
  if (ArrayBuffer.isView(theirs))
    return Array.from(theirs as Float32Array, (value, index) => asFloats(value, (ours as unknown[])?.[index]));
  if (Array.isArray(theirs)) return theirs.map((value, index) => asFloats(value, (ours as unknown[])?.[index]));
  if (typeof theirs !== 'object' || theirs === null) return theirs;
  return Object.fromEntries(
    Object.entries(theirs).map(([name, value]) => [name, asFloats(value, (ours as Record<string, unknown>)?.[name])]),
  );
}

/** Of integers up to 2^24 all digits count, in fields of any type. */
const isFraction = (value: number) => !Number.isInteger(value) || Math.abs(value) > 2 ** 24;

describe('texts at the borders of the format', () => {
  const { FLOATS, ...others } = texts;
  const groups = Object.entries({ ...others, FLOATS: FLOATS.map((text) => `layer { ${text} }`) });
  test.each(groups.flatMap(([group, all]) => all.map((text) => [group, text])))('%s: %.60j', (_, text) => {
    compare(text ?? '');
  });
});

const PIECES = [
  '{',
  '}',
  '<',
  '>',
  '[',
  ']',
  ':',
  ';',
  ',',
  '-',
  '"',
  "'",
  '\\',
  '#',
  '\n',
  ' ',
  '.',
  '0',
  '1',
  '9',
  'e',
  'f',
  'x',
  'name',
  'layer',
  '\0',
  '\x01',
  'é',
  '\\x',
  '1.5',
  '[a.b]',
];

/** The text with a few characters or words put in, taken out, or doubled. */
function damaged(draw: Draw, text: string): string {
  let result = text;
  for (let count = draw(fc.integer, { min: 1, max: 3 }); count > 0; count--) {
    const at = draw(fc.nat, { max: result.length });
    const end = Math.min(result.length, at + draw(fc.nat, { max: 4 }));
    const put = draw(fc.constantFrom, '', ...PIECES, result.slice(at, end).repeat(2));
    result = Buffer.from(result.slice(0, at) + put + result.slice(end)).toString(); // no halves of characters
  }
  return result;
}

describe('thousands of texts', () => {
  test.each(['NetParameter', 'SolverParameter'] as const)('%s in any notation', (kind) => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        outcomes[compare(messageText(draw, kind, 0), kind)]++;
      }),
      { numRuns: 1500 },
    );
    expect(outcomes.read).toBeGreaterThan(500);
  });

  test.each(['NetParameter', 'SolverParameter'] as const)('%s, damaged', (kind) => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        outcomes[compare(damaged(draw, messageText(draw, kind, 0)), kind)]++;
      }),
      { numRuns: 2500 },
    );
    expect(outcomes.read).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(200);
  });

  test('of numbers: any characters of which numbers are made', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.eEfxX-+aF _'), minLength: 1, maxLength: 8 }), (number) => {
        compare(`layer { loss_weight: ${number} }`);
        compare(`input_dim: ${number}`);
      }),
      { numRuns: 2000 },
    );
  });

  test('of strings: any characters of which escapes are made', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\\\\\\\\01378xXuUdDcCaAfF"\'n\n?é'), maxLength: 14 }), (string) => {
        compare(`name: "${string}"`);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('real files', () => {
  const files = [shared, process.env.CAFFE_SOURCE ?? '']
    .filter((folder) => statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    .flatMap(prototxtFiles);
  const each = sharedIsPresent ? test.each(files) : test.skip.each(['none']);

  each('%s', (file) => {
    const text = readFileSync(file, 'utf8');
    const kind: Kind = /solver/.test(path.basename(file)) ? 'SolverParameter' : 'NetParameter';
    for (const variant of [text, text.replaceAll('\n', '\r\n'), text.trimEnd(), `\uFEFF${text}`])
      expect(compare(variant, kind)).toBe('read');
  });
});

function prototxtFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.prototxt'))
    .sort()
    .map((file) => path.join(folder, file));
}

test('an integer beyond what a number holds exactly is refused, and says so', () => {
  expect(outcomeOf(() => parseNet('input_shape { dim: 9007199254740993 }'))).toEqual({ refused: expect.stringContaining(INEXACT) });
  expect(() => parseNet('input_shape { dim: 9007199254740993 }')).toThrow(CaffeError);
});
