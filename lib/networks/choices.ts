import { CaffeError } from '../errors';
import { readArray, readOptions } from '../given';
import { inputError } from '../prototxt/input-error';
import { checkClasses } from '../prototxt/network/layer-types';
import type { Architecture } from './architecture';
import type { Choices } from './draft';

/** What may be chosen about a network. Defaults: as published. */
export interface NetworkChoices {
  /** The number of classes, from 1. */
  readonly classes?: number;
  /** Side of the pictures, or their height and width. Where training pictures are cropped (to squares only), it is the crop. */
  readonly size?: number | readonly [height: number, width: number];
  /** Channels of the pictures: 3 for colour, 1 for grey. */
  readonly channels?: number;
  /** Pictures in a training batch. The solver gathers as many batches for a step as make the published one. */
  readonly batchSize?: number;
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for pictures that are too small, or a choice that is no whole number from 1. */
export function decide(architecture: Architecture, given: NetworkChoices): Choices {
  const read = readOptions(given, ['classes', 'size', 'channels', 'batchSize'], 'The choices');
  const { classes = architecture.classes, channels = architecture.channels, batchSize = architecture.feed.batchSize } = read;
  checkClasses(classes);
  requireCount('channels', channels);
  requireCount('batchSize', batchSize);
  return { classes, channels, batchSize, size: sizeFor(architecture, read.size) };
}

function sizeFor({ title, size, smallest }: Architecture, given: NetworkChoices['size'] = size): Choices['size'] {
  const sides = typeof given === 'object' ? readArray(given, "'size'") : [given, given];
  const [height, width] = sides;
  if (height === undefined || width === undefined || sides.length > 2) throw inputError('size', 'a side, or height and width', sides);
  for (const side of sides) requireCount('size', side);
  if (Math.min(height, width) >= smallest) return [height, width];
  throw new CaffeError('ERR_CAFFE_INPUT', `${title} takes pictures of at least ${smallest}×${smallest}, not of ${sides.join('×')}.`, {
    hint: 'Choose a larger size, or a network for smaller pictures, say small.',
  });
}

function requireCount(name: string, value: number): void {
  if (Number.isInteger(value) && value > 0 && value < 2 ** 31) return;
  throw inputError(name, 'a whole number from 1 to 2^31 - 1', value);
}
