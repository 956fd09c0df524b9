/** Alterations of bytes and of text, as data that fast-check generates and shrinks; `applied` carries them out. */
const fc = require('fast-check');

const NUMBERS = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
const WORDS = [
  ...['0', '-1', '1', '2', '3', '7', '1000', '65536', '2147483647', '-2147483648', '4294967295', '1e39', 'nan', '-inf', '0.5', '1e-45'],
  ...['"', '{', '}', '#', ':', '""', 'true', 'MAX', 'AVE', 'TRAIN', 'TEST', 'TANH', '"data"', '"label"', 'type: "ReLU"', 'axis: -1'],
  ...['dim: 0', 'group: 0', 'kernel_size: 0', 'stride: 0', 'num_output: 0', 'pad: 100', 'dilation: 0', 'propagate_down: true'],
  ...['loss_weight: 1', 'param { name: "shared" }', 'bottom: "data"', 'top: "data"', 'phase: TRAIN', 'include { phase: TEST }'],
];
// A place is a share of the length, so that it means the same in every text that shrinking tries.
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const byteEdit = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('byte'), place, value: fc.integer({ min: 0, max: 255 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('bit'), place, value: fc.integer({ min: 0, max: 7 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('number'), place, width: fc.constantFrom(1, 2, 4), value: fc.constantFrom(...NUMBERS) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut'), place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove'), place, count: fc.integer({ min: 1, max: 64 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat'), place, count: fc.integer({ min: 1, max: 4096 }) }) },
);

const textEdit = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('word'), place, word: fc.constantFrom(...WORDS) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('swap'), place, other: place }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert'), place, word: fc.constantFrom(...WORDS) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('drop line'), place }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy line'), place, other: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('nest'),
      place,
      word: fc.constantFrom('{', '[', 'layer {', 'net_param {'),
      depth: fc.constantFrom(10, 200, 100_000),
    }),
  },
  { weight: 1, arbitrary: byteEdit },
);

const at = (share, length) => Math.min(length - 1, Math.floor(share * length));

function withBytes(bytes, edit) {
  if (bytes.length === 0) return bytes;
  const index = at(edit.place, bytes.length);
  const copy = Buffer.from(bytes);
  switch (edit.kind) {
    case 'byte':
      copy[index] = edit.value;
      return copy;
    case 'bit':
      copy[index] ^= 1 << edit.value;
      return copy;
    case 'number': {
      const start = Math.max(0, Math.min(index, copy.length - edit.width));
      if (copy.length >= edit.width) copy.writeUIntLE(edit.value % 2 ** (8 * edit.width), start, edit.width);
      return copy;
    }
    case 'cut':
      return copy.subarray(0, index);
    case 'remove':
      return Buffer.concat([copy.subarray(0, index), copy.subarray(index + edit.count)]);
    case 'repeat':
      return Buffer.concat([copy.subarray(0, index), copy.subarray(index, index + edit.count), copy.subarray(index)]);
    default:
      throw new Error(`unknown edit ${edit.kind}`);
  }
}

function withText(text, edit) {
  const tokens = text.match(/\s+|[\w.+-]+|"[^"]*"|[^\s]/g) ?? [];
  const lines = text.split('\n');
  switch (edit.kind) {
    case 'word': {
      const words = tokens.flatMap((token, index) => (/\S/.test(token) ? [index] : []));
      if (words.length > 0) tokens[words[at(edit.place, words.length)]] = edit.word;
      return tokens.join('');
    }
    case 'swap': {
      const words = tokens.flatMap((token, index) => (/^[\w".+-]/.test(token) ? [index] : []));
      if (words.length === 0) return text;
      const [a, b] = [words[at(edit.place, words.length)], words[at(edit.other, words.length)]];
      [tokens[a], tokens[b]] = [tokens[b], tokens[a]];
      return tokens.join('');
    }
    case 'insert':
      tokens.splice(at(edit.place, tokens.length + 1), 0, ` ${edit.word} `);
      return tokens.join('');
    case 'nest':
      tokens.splice(at(edit.place, tokens.length + 1), 0, ` ${edit.word} `.repeat(edit.depth));
      return tokens.join('');
    case 'drop line':
      lines.splice(at(edit.place, lines.length), 1);
      return lines.join('\n');
    case 'copy line':
      lines.splice(at(edit.place, lines.length), 0, lines[at(edit.other, lines.length)]);
      return lines.join('\n');
    default:
      return withBytes(Buffer.from(text), edit).toString();
  }
}

/** @returns {Buffer} the seed after all edits */
function applied(seed, edits, isText) {
  if (!isText) return edits.reduce(withBytes, seed);
  return Buffer.from(edits.reduce(withText, seed.toString()));
}

const editsOf = (isText) => fc.array(isText ? textEdit : byteEdit, { minLength: 1, maxLength: 6 });

module.exports = { applied, editsOf };
