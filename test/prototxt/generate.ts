/** Texts made from caffe.proto, for properties: any message in any notation. */
import fc from 'fast-check';
import { fieldNames, fieldOf, isMessageName, type MessageName } from '../../lib/prototxt/schema/messages';
import { ENUMS } from '../../lib/prototxt/schema/schema';

/** Draws a value; the words of fast-check's generator. */
export type Draw = fc.GeneratorValue;

const GAPS = [' ', ' ', ' ', '', '\n', '\t', '\r\n', ' # a "comment" {\n', '\n#\n\n'];
const NUMBERS = [
  '0',
  '1',
  '-1',
  '0x1F',
  '017',
  '2.5',
  '.5',
  '1.',
  '1e3',
  '1e-3f',
  '- 7',
  'inf',
  '-nan',
  '127',
  '123456789',
  '16777217',
  '4294967295',
  '-2147483648',
  '0.1234567891',
];
const STRINGS = [
  '""',
  '"a"',
  "'b'",
  '"c" \'d\'',
  '"\\303\\244" # ä\n"\\x41"',
  '"海豚 \\n"',
  "'it\\'s'",
  '"\\377"',
  '"# {"',
  '"\\303" "\\244"',
];
const WORDS = ['true', 'f', 'TRAIN', 'MAX', 'LMDB', 'CPU', 'x'];

const gap = (draw: Draw) => draw(fc.constantFrom, ...GAPS);

/** A value that mostly fits the type. */
function scalarText(draw: Draw, type: string): string {
  const fitting = draw(fc.integer, { min: 0, max: 19 }) > 0;
  const names = (ENUMS as Record<string, Record<string, number>>)[type];
  if (fitting && names) return draw(fc.constantFrom, ...Object.keys(names), ...Object.values(names).map(String));
  if (fitting && type === 'bool') return draw(fc.constantFrom, 'true', 'false', 't', 'False', '1', '0');
  if (fitting && type === 'string') return draw(fc.constantFrom, ...STRINGS);
  if (fitting && type.includes('int')) return draw(fc.constantFrom, '0', '1', '0x1F', '017', '127');
  if (fitting) return draw(fc.constantFrom, ...NUMBERS);
  return draw(fc.constantFrom, ...NUMBERS, ...STRINGS, ...WORDS, '{}', '[]', '');
}

/** The fields of a message; most of their values fit. */
export function messageText(draw: Draw, message: MessageName, depth = 0): string {
  const given = new Set<string>();
  return Array.from({ length: draw(fc.integer, { min: 0, max: depth > 2 ? 2 : 4 }) }, () => {
    const names = fieldNames(message).filter((name) => !given.has(name));
    if (names.length === 0) return '';
    const name = draw(fc.constantFrom, ...names);
    const field = fieldOf(message, name);
    if (!field) return '';
    if (!field.repeated) given.add(name);
    return fieldText(draw, name, field, depth);
  }).join('');
}

function fieldText(draw: Draw, name: string, { type, repeated }: { type: string; repeated: boolean }, depth: number): string {
  const item = () => {
    if (!isMessageName(type)) return scalarText(draw, type);
    const [open, close] = draw(fc.constantFrom, ['{', '}'], ['<', '>']);
    return `${open}${gap(draw)}${messageText(draw, type, depth + 1)}${close}`;
  };
  const colon = !isMessageName(type) || draw(fc.boolean) ? ':' : '';
  const listed = repeated && draw(fc.integer, { min: 0, max: 3 }) === 0;
  const value = listed
    ? `[${Array.from({ length: draw(fc.integer, { min: 0, max: 3 }) }, item).join(`${gap(draw)},${gap(draw)}`)}]`
    : item();
  return `${name}${gap(draw)}${colon}${gap(draw)}${value}${draw(fc.constantFrom, ' ', '\n', ';', ', ', ' # end\n')}`;
}
