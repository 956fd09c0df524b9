import { shortestFloat } from '../text/literals';
import { asBoolean, asNumber, type ItemNode } from '../text/nodes';
import { enumOf, fitsInteger, isIntegerType } from './messages';

/** The value that a field of a scalar or enum type reads from a node, as protobuf reads it; undefined when the node is of another kind. */
export function readScalar(item: ItemNode, type: string): string | number | boolean | undefined {
  if (type === 'bool') return asBoolean(item);
  if (type === 'string' || type === 'bytes') return item.kind === 'string' ? item.value : undefined;
  const names = enumOf(type);
  if (names) return readEnum(item, names);
  if (isIntegerType(type)) return readInteger(item, type);
  const value = readDecimal(item);
  return value !== undefined && type === 'float' ? shortestFloat(value) : value;
}

function readEnum(item: ItemNode, names: Readonly<Record<string, number>>): string | undefined {
  if (item.kind === 'name') return Object.hasOwn(names, item.value) ? item.value : undefined;
  return item.kind === 'number' && item.integer ? Object.keys(names).find((name) => names[name] === item.value) : undefined;
}

/** Unsigned types take no sign, not even that of -0. */
function readInteger(item: ItemNode, type: string): number | undefined {
  if (item.kind !== 'number' || !item.integer || !fitsInteger(type, item.value)) return undefined;
  if (Object.is(item.value, -0)) return type.startsWith('u') ? undefined : 0;
  return item.value;
}

/** Hexadecimal and octal are for integers only. */
function readDecimal(item: ItemNode): number | undefined {
  return item.kind === 'number' && !item.decimal ? undefined : asNumber(item);
}
