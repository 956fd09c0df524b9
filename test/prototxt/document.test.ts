import fc from 'fast-check';
import { CaffeError } from '../../lib/errors';
import { PrototxtDocument, parse } from '../../lib/prototxt';
import { describeModels, errorOf, model, modelNames } from './shared';

const trivia = fc
  .array(fc.constantFrom(' ', '\t', '\n', '\r\n', '# a comment { "\n', '#\r\n', '\f'), { maxLength: 3 })
  .map((parts) => parts.join(''));

const space = trivia.map((text) => ` ${text}`);
const name = fc.constantFrom('layer', 'name', 'bottom', 'top', 'param', 'num_output', 'x1', '_y');

const scalar = fc.oneof(
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('0x1F', '017', '.5', '1.', '1e-5', '2.5f', '- 3', '-inf', 'nan', 'MAX', 'true', '"it\\\'s"', '\'a\' "b"', '"\\303\\244"'),
  fc.string({ unit: fc.constantFrom('a', 'ä', '#', '{', "'", ' ', '\\\\', '\\"') }).map((text) => `"${text}"`),
);

const { fields } = fc.letrec<{ fields: string; field: string; message: string }>((tie) => ({
  fields: fc
    .array(
      fc.tuple(tie('field'), space).map((parts) => parts.join('')),
      { maxLength: 4 },
    )
    .map((parts) => parts.join('')),
  field: fc
    .tuple(
      name,
      space,
      fc.oneof(
        { depthSize: 'small' },
        fc.tuple(space, scalar).map(([gap, text]) => `:${gap}${text}`),
        fc.tuple(space, fc.array(scalar, { maxLength: 3 })).map(([gap, items]) => `:[${gap}${items.join(` ,${gap}`)}]`),
        fc.tuple(fc.constantFrom('', ':'), tie('message')).map((parts) => parts.join('')),
      ),
      fc.constantFrom('', ';', ','),
    )
    .map((parts) => parts.join('')),
  message: fc
    .tuple(space, tie('fields'), fc.constantFrom('{}', '<>'))
    .map(([gap, inner, braces]) => `${braces[0]}${gap}${inner}${braces[1]}`),
}));

const documents = fc.tuple(fc.constantFrom('', '\uFEFF'), trivia, fields).map((parts) => parts.join(''));

describe('parse keeps every byte', () => {
  test('of any document', () => {
    fc.assert(fc.property(documents, (text) => expect(parse(text).toString()).toBe(text)));
  });

  test('of any document, when an edit changes nothing', () => {
    fc.assert(
      fc.property(documents, (text) =>
        expect(
          parse(text)
            .edit(() => {})
            .toString(),
        ).toBe(text),
      ),
    );
  });

  test('around a value that is changed, in any document', () => {
    fc.assert(
      fc.property(documents, (text) => {
        const document = parse(text);
        const field = document.root.fields.find(({ value }) => value.kind === 'string');
        if (field?.value.kind !== 'string') return;
        const { value } = field;
        const changed = document.edit((edits) => edits.setString(value, 'new')).toString();
        expect(changed).toBe(`${text.slice(0, value.start)}${value.quote}new${value.quote}${text.slice(value.end)}`);
        expect(document.toString()).toBe(text);
      }),
    );
  });

  test('removal of any field leaves a document that parses', () => {
    fc.assert(
      fc.property(documents, fc.nat(), (text, pick) => {
        const document = parse(text);
        const field = document.root.fields[pick % (document.root.fields.length || 1)];
        if (!field) return;
        const rest = document.edit((edits) => edits.remove(field));
        expect(rest.root.fields.map(({ name }) => name)).toEqual(
          document.root.fields.filter((other) => other !== field).map(({ name }) => name),
        );
      }),
    );
  });
});

describeModels('parse keeps every byte of published files', () => {
  test.each(modelNames())('%s', (file) => {
    const text = model(file);
    for (const variant of [text, text.replaceAll('\n', '\r\n'), text.trimEnd(), `\uFEFF${text}`])
      expect(parse(variant).toString()).toBe(variant);
  });
});

describe('parse reads values', () => {
  const first = (text: string) => parse(text).root.values('x')[0];

  test.each([
    ['x: 12', 12],
    ['x: 0x1F', 31],
    ['x: 017', 15],
    ['x: - 3', -3],
    ['x: 1e-5', 1e-5],
    ['x: .5f', 0.5],
    ['x: -inf', Number.NEGATIVE_INFINITY],
  ])('%s', (text, value) => {
    expect(first(text)).toMatchObject({ kind: 'number', value });
  });

  test.each([
    ['x: "a\\tb"', 'a\tb'],
    ["x: 'it\\'s'", "it's"],
    ['x: "a" \'b\' # c\n "c"', 'abc'],
    ['x: "\\303\\244 \\xe2\\x82\\xac \\u00e4"', 'ä € ä'],
    ['x: "# no comment"', '# no comment'],
  ])('%s', (text, value) => {
    expect(first(text)).toMatchObject({ kind: 'string', value });
  });

  test('of lists, angle brackets and separators', () => {
    const { root } = parse('x: [1, 2]; x: 3, y < z: "a" > x: []');
    expect(root.numbers('x')).toEqual([1, 2, 3]);
    expect(root.message('y')?.string('z')).toBe('a');
  });
});

describe('parse refuses', () => {
  test.each([
    ['layer {\n  name: }', 2, 9, "Found '}', expected a value for 'name'."],
    ['layer {\n  name "a"\n}', 2, 8, "expected ':' or '{' after 'name'"],
    ['layer {\n', 2, 1, "Found the end of the file, expected a field name or '}'."],
    ['layer { a: 1 >', 1, 14, "Found '>', expected a field name or '}'."],
    ['}', 1, 1, "Found '}', expected a field name."],
    ['a: [1 2]', 1, 7, "expected ',' or ']'"],
    ['a: "open\nb: 1', 1, 4, 'not closed'],
    ['a: "\\q"', 1, 5, "There is no escape '\\q'."],
    ['a: "\\UFFFFFFFF"', 1, 5, 'There is no escape'],
    ['a: 12px', 1, 4, 'A number runs into'],
    ['a: 1.2.3', 1, 4, 'A number runs into'],
    ['a: 09', 1, 4, 'not an octal number'],
    ['a: -b', 1, 5, "expected a number after '-'"],
    ['\uFEFFa: ?', 1, 4, 'Unexpected character'],
    ['a: 1\r\nb: €', 2, 4, 'Unexpected character "€"'],
  ])('%j', (text, line, column, message) => {
    const error = errorOf(() => parse(text));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line, column });
    expect(error.message).toContain(message);
  });

  test('what is still open, naming where it was opened', () => {
    expect(errorOf(() => parse('name: "x"\nlayer {\n a {}')).hint).toBe("The '{' of 'layer' in line 2 is still open.");
  });

  test('nesting beyond 100 levels, without running out of stack', () => {
    const nested = (depth: number) => 'a {'.repeat(depth) + '}'.repeat(depth);
    expect(parse(nested(100)).root.fields).toHaveLength(1);
    expect(errorOf(() => parse(nested(101))).message).toContain('nested more than 100 deep');
    expect(errorOf(() => parse('a {'.repeat(1_000_000))).code).toBe('ERR_CAFFE_PROTOTXT');
  });

  test('anything that is not text', () => {
    expect(errorOf(() => parse(Buffer.from('a: 1') as unknown as string)).code).toBe('ERR_CAFFE_INPUT');
  });

  test('damaged text, always with a CaffeError', () => {
    fc.assert(
      fc.property(documents, fc.nat(), fc.string(), (text, at, damage) => {
        const cut = at % (text.length + 1);
        try {
          parse(text.slice(0, cut) + damage + text.slice(cut + 1));
        } catch (error) {
          expect(error).toBeInstanceOf(CaffeError);
        }
      }),
    );
  });
});

test('long documents take linear time', () => {
  const text = `${'# comment\n'.repeat(50_000)}a: "${'\\\\x'.repeat(20_000)}"\n${'b: 1 '.repeat(50_000)}`;
  expect(parse(text).root.numbers('b')).toHaveLength(50_000);
});

test('a document is a PrototxtDocument and stays as it is when it is edited', () => {
  const document = parse('a: 1');
  expect(document).toBeInstanceOf(PrototxtDocument);
  expect(document.edit((edits) => edits.setScalar(document.root, 'a', '2')).toString()).toBe('a: 2');
  expect(document.edit((edits) => edits.setScalar(document.root, 'a', '3')).toString()).toBe('a: 3');
  expect(document.toString()).toBe('a: 1');
});
