/** Readers of what a user types, and options that several commands have. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** A whole number from 1. */
export function count(text: string): number {
  return integerFrom(1)(text);
}

/** @returns a reader of whole numbers from `least`. */
export function integerFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  };
}

export function integer(text: string): number {
  return integerFrom(Number.MIN_SAFE_INTEGER)(text);
}

/** A number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It must be a number above 0.');
}

/** A number from 0. */
export function fromZero(text: string): number {
  return text.trim() !== '' && Number(text) === 0 ? 0 : positive(text);
}

/** Texts divided by commas. */
export function list(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.every((item) => item !== '')) return items;
  throw new InvalidArgumentError('It must be a list divided by commas, without gaps.');
}

/** fc8=seals,fc9=colours as a record. */
export function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    list(text).map((pair) => {
      const [from, to, ...others] = pair.split('=');
      if (!from || !to || others.length > 0) throw new InvalidArgumentError('It must be a list of pairs: fc8=seals,fc9=colours.');
      return [from, to];
    }),
  );
}

/** 256, or 240x320 for height and width. */
export function size(text: string): [number, number] {
  const [height = '', width = height, ...others] = text.split('x');
  if (others.length > 0) throw new InvalidArgumentError('It must be a number, or height and width: 240x320.');
  return [count(height), count(width)];
}

/** Reads shapes by the names of inputs, one for each time the option is given. */
export function inputs(text: string, former: Record<string, number[]> = {}): Record<string, number[]> {
  const [name, shape, ...others] = text.split('=');
  if (!name || !shape || others.length > 0) throw new InvalidArgumentError('It must be a name and a shape: data=1,3,227,227.');
  return { ...former, [name]: list(shape).map(count) };
}

export const choice = (flags: string, description: string, values: readonly string[]) => new Option(flags, description).choices(values);

export const json = () => new Option('--json', 'write the result as JSON on one line');
export const engine = () => choice('--engine <engine>', 'what runs the network (default: auto)', ['auto', 'caffe', 'onednn']);
export const precision = () => choice('--precision <precision>', 'of the fast engine (default: f32)', ['f32', 'bf16']);
export const weights = () => new Option('--weights <files>', 'trained parameters, copied in order').argParser(list);

/** Options that choose among the layers of a file. */
export function addStateOptions(command: Command): Command {
  return command
    .option('--level <n>', 'level of the network state', integer)
    .option('--stage <names>', 'stages of the network state, divided by commas', list);
}

export interface StateOptions {
  level?: number;
  stage?: string[];
}
