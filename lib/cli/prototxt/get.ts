import type { Command } from 'commander';
import { CaffeError } from '../../errors';
import { PrototxtMessage } from '../../prototxt/document/message-view';
import type { FieldValue } from '../../prototxt/document/path-types';
import { action, type Context } from '../command';
import { addReader, inText } from './operation';

export function addGet(prototxt: Command): void {
  addReader(prototxt, 'get', 'say what stands at a path, each value in a line')
    .argument('<path>', 'base_lr, layer[fc8].inner_product_param.num_output')
    .action(action(getField));
}

async function getField({ report }: Context, file: string, path: string): Promise<void> {
  const { parse } = await import('../../prototxt/document/document.js');
  const value = await inText(file, async (text) => present(parse(text).get(path), path));
  report({ path, value: plain(value) }, `${[value].flat().map(String).join('\n')}\n`);
}

function present(value: FieldValue | undefined, path: string): FieldValue {
  if (value !== undefined && !(Array.isArray(value) && value.length === 0)) return value;
  throw new CaffeError('ERR_CAFFE_INPUT', `It says nothing at '${path}'.`);
}

function plain(value: FieldValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  return value instanceof PrototxtMessage ? (value.type === undefined ? String(value) : value.toObject({ unknown: 'keep' })) : value;
}
