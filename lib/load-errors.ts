/** Errors of nets and solvers that could not be built, with what a check of their text says of the cause. */
import path from 'node:path';
import { CaffeError } from './errors';
import { readRegularFile } from './files';
import type { NativeModel, Phase } from './native';
import { check } from './prototxt/check/check';
import type { Finding } from './prototxt/check/finding';
import type { CheckOptions } from './prototxt/check/options';
import { parseSolver } from './prototxt/document/parse-message';
import { excerpt } from './prototxt/text/excerpt';

/** The codes of errors that the text of a network may explain. */
const EXPLAINED = new Set(['ERR_CAFFE_FATAL', 'ERR_CAFFE_SHAPE', 'ERR_CAFFE_PROTOTXT']);
/** Longer texts are not looked at again: in characters. */
const LONGEST = 4 * 2 ** 20;

/** What of a file is built, and where the files are that it names. */
interface Building {
  readonly model: NativeModel;
  readonly phase?: Phase;
  readonly level?: number;
  readonly stages?: readonly string[];
  readonly basePath: string;
}

/** What a check found, and in which file where the text is not the one that was given. */
interface Cause extends Finding {
  readonly file?: string;
  /** For what protobuf refuses: the line, with a caret under the place. */
  readonly shown?: string;
}

/** Waits for a net or solver to be built. An error gets as hint where in the text its cause stands, and how to mend it. */
export async function explaining<Result>(building: Building, built: Promise<Result>): Promise<Result> {
  try {
    return await built;
  } catch (error) {
    if (!(error instanceof CaffeError) || !EXPLAINED.has(error.code)) throw error;
    const cause = await causeOf(error, building).catch(() => undefined);
    throw cause ? explainedBy(cause, error) : error;
  }
}

/** Caffe's own checks say what did not hold, and nothing of the text; those of this package say all but where. */
function explainedBy({ file: named, line, column, message, fix, shown }: Cause, error: CaffeError): CaffeError {
  const { code, layer, blob, file, cause } = error;
  const details = { layer, blob, file, line: error.line, column: error.column, cause };
  const place = named === undefined ? `Line ${line}, column ${column}` : `'${named}', line ${line}, column ${column}`;
  if (code === 'ERR_CAFFE_FATAL') return new CaffeError(code, error.message, { ...details, hint: `${place}: ${message} ${fix}` });
  const where = error.line === undefined ? { file: file ?? named, line, column } : {};
  return new CaffeError(code, shown === undefined ? error.message : `${error.message}\n${shown}`, {
    ...details,
    ...where,
    hint: error.hint ?? fix,
  });
}

/** What a check finds in the text that was to be built, or for a solver in the networks that it names. */
async function causeOf(error: CaffeError, { model, basePath, ...state }: Building): Promise<Cause | undefined> {
  const text = 'text' in model ? model.text : 'path' in model ? await read(model.path) : '';
  const own = findingFor(error, text, state.phase === undefined ? {} : state);
  if (own || state.phase !== undefined) return own;
  const { net, train_net, test_net = [] } = parseSolver(text);
  for (const file of [net, train_net, ...test_net]) {
    const found = file && findingFor(error, await read(path.resolve(basePath, file)), {});
    if (found) return { ...found, file };
  }
  return undefined;
}

async function read(file: string): Promise<string> {
  return (await readRegularFile(file)).toString('utf8');
}

/** What protobuf refuses, too, and where. */
const OF_FIELDS = new Set(['syntax', 'unknown-field', 'wrong-type', 'given-twice', 'missing-field']);

/** The finding for the layer or the place of an error, or else the first: what depends on how Caffe was built comes last. */
function findingFor(error: CaffeError, text: string, state: Omit<CheckOptions, 'inputs'>): Cause | undefined {
  if (text.length > LONGEST) return undefined;
  const { findings } = check(text, state);
  const serious = [...findings.filter(({ severity }) => severity === 'error'), ...findings.filter(({ code }) => code === 'unavailable')];
  if (error.layer !== undefined) return serious.find(({ layer }) => layer === error.layer);
  if (error.code !== 'ERR_CAFFE_PROTOTXT' || error.line === undefined) return serious[0];
  const inLine = serious.filter(({ line, code }) => line === error.line && OF_FIELDS.has(code));
  const distance = ({ column }: Finding) => Math.abs(column - (error.column ?? 1));
  const [nearest] = inLine.sort((a, b) => distance(a) - distance(b));
  return nearest && { ...nearest, shown: excerptAt(text, nearest) };
}

function excerptAt(text: string, { line, column }: Finding): string {
  return excerpt((text.split('\n')[line - 1] ?? '').replace(/^\uFEFF|\r$/g, ''), line, column);
}
