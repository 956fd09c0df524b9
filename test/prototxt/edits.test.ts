import { parse } from '../../lib/prototxt';
import type { Edits } from '../../lib/prototxt/text/edits';
import type { FieldNode, MessageNode } from '../../lib/prototxt/text/nodes';

function edited(text: string, change: (edits: Edits, root: MessageNode) => void): string {
  const document = parse(text);
  return document.edit((edits) => change(edits, document.root)).toString();
}

function named(root: MessageNode, ...names: string[]): readonly FieldNode[] {
  return root.fieldsNamed(...names);
}

function removing(text: string, ...names: string[]): string {
  return edited(text, (edits, root) => {
    for (const field of named(root, ...names)) edits.remove(field);
  });
}

describe('a value keeps its place', () => {
  test('and its quotes', () => {
    const text = `a: 'x' # one\nb : "y";`;
    const result = edited(text, (edits, root) => {
      for (const node of [...root.stringNodes('a'), ...root.stringNodes('b')]) edits.setString(node, `it's`);
    });
    expect(result).toBe(`a: 'it\\'s' # one\nb : "it's";`);
  });

  test('and is inserted where it is absent', () => {
    const set = (text: string) => edited(text, (edits, root) => edits.setScalar(root.message('p') ?? root, 'n', '2'));
    expect(set('p { n: 1 }')).toBe('p { n: 2 }');
    expect(set('p {}')).toBe('p { n: 2 }');
    expect(set('p { }')).toBe('p { n: 2 }');
    expect(set('p {a: 1}')).toBe('p { n: 2 a: 1}');
    expect(set('p {\n}')).toBe('p {\n  n: 2\n}');
    expect(set('p: <\n\ta: 1\n>')).toBe('p: <\n\tn: 2\n\ta: 1\n>');
    expect(set('p { # why\n    # more\n    a: 1\n}')).toBe('p { # why\n    n: 2\n    # more\n    a: 1\n}');
    expect(set('p {\r\n  a: 1\r\n}\r\n')).toBe('p {\r\n  n: 2\r\n  a: 1\r\n}\r\n');
  });
});

describe('a snippet takes over the layout of the file', () => {
  const snippet = 'p {\n  n: 2\n}';

  test('behind a field', () => {
    const insert = (text: string) =>
      edited(text, (edits, root) => named(root, 'a').forEach((field) => void edits.insertAfter(field, snippet)));
    expect(insert('a: 1 # one\nb: 2')).toBe('a: 1 # one\np {\n  n: 2\n}\nb: 2');
    expect(insert('a: 1')).toBe('a: 1\np {\n  n: 2\n}');
    expect(insert('m {\n\tx: 1\n}\na: 1\n')).toBe('m {\n\tx: 1\n}\na: 1\np {\n\tn: 2\n}\n');
    expect(insert('m {\r\n    x: 1\r\n}\r\na: 1\r\n')).toBe('m {\r\n    x: 1\r\n}\r\na: 1\r\np {\r\n    n: 2\r\n}\r\n');
    expect(insert('a: 1 b: 2')).toBe('a: 1 p { n: 2 } b: 2');
  });

  test('in front of a field and its comments', () => {
    const insert = (text: string) =>
      edited(text, (edits, root) => named(root, 'b').forEach((field) => void edits.insertBefore(field, 'n: 2')));
    expect(insert('a: 1\n\n# of b\nb: 2\n')).toBe('a: 1\n\nn: 2\n# of b\nb: 2\n');
    expect(insert('# of the file\nb: 2\n')).toBe('# of the file\nn: 2\nb: 2\n');
    expect(insert('a: 1 b: 2\n')).toBe('a: 1 n: 2 b: 2\n');
  });

  test('at the bottom of a message', () => {
    const append = (text: string) => edited(text, (edits, root) => edits.append(root.message('m') ?? root, snippet));
    expect(append('m {\n  a: 1\n}\n')).toBe('m {\n  a: 1\n  p {\n    n: 2\n  }\n}\n');
    expect(append('m { a: 1 }')).toBe('m { a: 1 p { n: 2 } }');
    expect(append('m {}')).toBe('m { p { n: 2 } }');
  });

  test('in the place of a field', () => {
    const replace = (text: string) =>
      edited(text, (edits, root) => named(root, 'b').forEach((field) => void edits.replaceField(field, 'n: 2')));
    expect(replace('a: 1\n# of b\nb: 1 # two\nc: 3\n')).toBe('a: 1\nn: 2 # two\nc: 3\n');
    expect(replace('a: 1 b: 1 c: 3')).toBe('a: 1 n: 2 c: 3');
  });
});

describe('removal', () => {
  test('takes the lines and the comments of a field', () => {
    expect(removing('a: 1\n# of b\n# still\nb {\n  x: 1\n} # end\nc: 3\n', 'b')).toBe('a: 1\nc: 3\n');
    expect(removing('a: 1\r\nb: 2\r\nc: 3\r\n', 'b')).toBe('a: 1\r\nc: 3\r\n');
    expect(removing('a: 1\nb: 2', 'b')).toBe('a: 1\n');
  });

  test('keeps the comment that heads the file, and one a blank line away', () => {
    expect(removing('# licence\na: 1\nb: 2\n', 'a')).toBe('# licence\nb: 2\n');
    expect(removing('x: 0\n# a section\n\na: 1\nb: 2\n', 'a')).toBe('x: 0\n# a section\n\nb: 2\n');
  });

  test('leaves one blank line where there were two', () => {
    expect(removing('a: 1\n\nb: 2\n\nc: 3\n', 'b')).toBe('a: 1\n\nc: 3\n');
    expect(removing('a: 1\n\nb: 2\n\nb: 3\n\nc: 3\n', 'b')).toBe('a: 1\n\nc: 3\n');
    expect(removing('a: 1\n\nb: 2\nc: 3\n', 'b')).toBe('a: 1\n\nc: 3\n');
  });

  test('leaves no blank line at an end', () => {
    expect(removing('a: 1\n\nb: 2\n', 'b')).toBe('a: 1\n');
    expect(removing('a: 1\n\nb: 2\n', 'a')).toBe('b: 2\n');
    expect(removing('a: 1\n\nb: 2\n', 'a', 'b')).toBe('');
  });

  test('within a line takes the field only', () => {
    expect(removing('a: 1 b: 2 c: 3', 'b')).toBe('a: 1 c: 3');
    expect(removing('a: 1, b: 2, c: 3', 'a')).toBe('b: 2, c: 3');
    expect(removing('a: 1 b: 2', 'b')).toBe('a: 1');
  });

  test('takes changes inside what is removed with it', () => {
    const result = edited('a { x: 1 }\nb: 2\n', (edits, root) => {
      edits.setScalar(root.message('a') ?? root, 'x', '5');
      for (const field of named(root, 'a')) edits.remove(field);
    });
    expect(result).toBe('b: 2\n');
  });
});

test('what only a removed field kept apart does not run together', () => {
  expect(removing('a: TRAIN b: []c: 1', 'b')).toBe('a: TRAIN c: 1');
  expect(removing('a: 1 b: "x"c: 2', 'b')).toBe('a: 1 c: 2');
});
