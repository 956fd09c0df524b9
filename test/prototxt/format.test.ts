import fc from 'fast-check';
import { format, parse, parseNet } from '../../lib/prototxt';
import { Lexer } from '../../lib/prototxt/text/lexer';
import { SourceText, type Span } from '../../lib/prototxt/text/source-text';
import { messageText } from './generate';
import { describeModels, errorOf, model, modelNames } from './shared';

describe('format lays out', () => {
  test('a field a line, whatever the notation', () => {
    expect(
      format('name:"a";input : \'b\',layer<name:"c"\n>layer: {}layer [ { } ] input_dim:[1,- 2,\n3] input_dim:-\n4 name: "d"   "e"'),
    ).toBe(
      `name: "a"
input: 'b'
layer {
  name: "c"
}
layer {}
layer: [{}]
input_dim: [1, -2, 3]
input_dim: -4
name: "d" "e"
`,
    );
  });

  test('messages of one line in one line, where they fit', () => {
    const text = 'layer {\n name: "a"\n  param{lr_mult:1 decay_mult:2} input_param{shape:{dim:1 dim:3}}\n}\n';
    expect(format(text)).toBe('layer {\n  name: "a"\n  param { lr_mult: 1 decay_mult: 2 }\n  input_param { shape { dim: 1 dim: 3 } }\n}\n');
    expect(format('param { lr_mult: 1 decay_mult: 2 }', { width: 20 })).toBe('param {\n  lr_mult: 1\n  decay_mult: 2\n}\n');
    expect(format('a { }', { width: 0 })).toBe('a {}\n');
  });

  test('comments where they were', () => {
    const text = `# of the file


   #of a
a: 1# behind a
   # above b

b   {   # behind the brace
# in b
c: 2

  # at the end of b
} # behind b
# last`;
    expect(format(text)).toBe(`# of the file

#of a
a: 1 # behind a
# above b

b { # behind the brace
  # in b
  c: 2

  # at the end of b
} # behind b
# last
`);
  });

  test('comments in the midst of a field above it', () => {
    expect(format('a # one\n: # two\n1 # three\n; b # four\n{ } c: [1, # five\n2]')).toBe(
      '# one\n# two\n# three\na: 1\n# four\nb {}\n# five\nc: [1, 2]\n',
    );
  });

  test('a long list, an item a line', () => {
    expect(format(`a: [${'"xxxxxxxxxx", '.repeat(9)}"y"]`)).toBe(`a: [\n${'  "xxxxxxxxxx",\n'.repeat(9)}  "y"\n]\n`);
  });

  test('with the line breaks of the file, without its byte order mark', () => {
    expect(format('\uFEFFa {\r\n b: 1\r\n}')).toBe('a {\r\n  b: 1\r\n}\r\n');
    expect(format('a {\n b: 1 c: 2\n}', { indent: 'tab' })).toBe('a {\n\tb: 1\n\tc: 2\n}\n');
    expect(format('a {\n b: 1\n}', { indent: 4 })).toBe('a {\n    b: 1\n}\n');
    expect(format('')).toBe('');
    expect(format(' # c')).toBe('# c\n');
  });
});

test('format refuses options that are none', () => {
  for (const options of [
    { indent: 0 },
    { indent: 9 },
    { indent: 1.5 },
    { indent: 'two' },
    { width: -1 },
    { width: Number.NaN },
    null,
    [],
  ]) {
    expect(errorOf(() => format('a: 1', options as object)).code).toBe('ERR_CAFFE_INPUT');
  }
  expect(errorOf(() => format('a {')).code).toBe('ERR_CAFFE_PROTOTXT');
});

function check(text: string): void {
  const formatted = format(text);
  expect(format(formatted)).toBe(formatted);
  expect(commentsOf(formatted).sort()).toEqual(commentsOf(text).sort());
  expect(plain(formatted)).toEqual(plain(text));
}

function commentsOf(text: string): string[] {
  const comments: Span[] = [];
  const lexer = new Lexer(new SourceText(text), comments);
  while (lexer.next().kind !== 'end');
  return comments.map(({ start, end }) => text.slice(start, end).trimEnd());
}

/** The names and values of a text, at every depth. */
function plain(text: string): unknown {
  const contentOf = (value: { kind: string; value?: unknown; items?: unknown; fields?: unknown }): unknown => {
    if (value.kind === 'list') return (value.items as (typeof value)[]).map(contentOf);
    if (value.kind === 'message')
      return (value.fields as { name: string; value: typeof value }[]).map((field) => [field.name, contentOf(field.value)]);
    return [value.kind, value.value];
  };
  return contentOf(parse(text).root as never);
}

describe('formatted twice is formatted once, with every field and comment', () => {
  test('of any text', () => {
    fc.assert(
      fc.property(fc.gen(), (draw) => {
        const text = messageText(draw, 'NetParameter');
        try {
          parse(text);
        } catch {
          return;
        }
        check(text);
      }),
      { numRuns: 500 },
    );
  });
});

describeModels('published files are the same network', () => {
  test.each(modelNames().filter((name) => !name.includes('solver')))('%s', (name) => {
    check(model(name));
    expect(parseNet(format(model(name)))).toEqual(parseNet(model(name)));
  });
});
