import type { Command } from 'commander';
import { CaffeError, messageOf } from '../../errors';
import type { NetParameter, SolverParameter } from '../../prototxt';
import { action, type Context } from '../command';
import { addMaker, addReader, inText, operation } from './operation';

interface JsonOptions {
  solver?: boolean;
  keepUnknown?: boolean;
}

export function addToJson(prototxt: Command): void {
  addKinds(addReader(prototxt, 'to-json', 'write a network or a solver as JSON, its fields checked against caffe.proto')).action(
    action(writeJson),
  );
}

export function addFromJson(prototxt: Command): void {
  addKinds(addMaker(prototxt, 'from-json', 'make a network or a solver of such JSON')).action(operation(fromJson));
}

function addKinds(command: Command): Command {
  return command
    .option('--solver', 'the file is a solver')
    .option('--keep-unknown', 'let pass what the linked Caffe does not have: fields of its other branches');
}

async function writeJson({ report }: Context, file: string, { solver, keepUnknown }: JsonOptions): Promise<void> {
  const { parseNet, parseSolver } = await import('../../prototxt/document/parse-message.js');
  const parse = solver ? parseSolver : parseNet;
  const message = await inText(file, async (text) => parse(text, { unknown: keepUnknown ? 'keep' : 'refuse' }));
  report(message, JSON.stringify(message, sayable, 2));
}

/** JSON knows neither inf nor nan, and whole numbers as far as they are exact. */
function sayable(name: string, value: unknown): unknown {
  const isExact = typeof value === 'number' ? Number.isFinite(value) : typeof value !== 'bigint';
  if (isExact) return value;
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `JSON has no number for '${name}': ${value}.`);
}

async function fromJson(text: string, { solver, keepUnknown }: JsonOptions) {
  const { stringify } = await import('../../prototxt/schema/stringify.js');
  const message = readJson(text);
  const options = { unknown: keepUnknown ? 'keep' : 'refuse' } as const;
  const written = solver ? stringify(message as SolverParameter, 'solver', options) : stringify(message as NetParameter, 'net', options);
  return { result: { text: written }, notes: [] };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_INPUT', `It is no JSON: ${messageOf(error)}.`, { cause: error });
  }
}
