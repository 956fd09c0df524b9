import fc from 'fast-check';
import { parse, parseNet } from '../../lib/prototxt';
import { excerpt } from '../../lib/prototxt/text/excerpt';
import { errorOf } from './shared';

/** What an error shows below its first line. */
const shown = (read: () => unknown) => errorOf(read).message.split('\n').slice(1);

describe('an error shows the line and a caret under the place', () => {
  test('of a syntax error', () => {
    expect(errorOf(() => parse('layer {\n  name: }\n')).message).toBe(
      ["Line 2, column 9: Found '}', expected a value for 'name'.", '  2 |   name: }', '    |         ^'].join('\n'),
    );
  });

  test('of a field of the wrong name or type', () => {
    expect(shown(() => parseNet('layer {\n\n  type: Convolution # not in quotes\n}'))).toEqual([
      '  3 |   type: Convolution # not in quotes',
      '    |         ^',
    ]);
    expect(shown(() => parseNet('nmae: "x"'))).toEqual(['  1 | nmae: "x"', '    | ^']);
  });

  test('at the end of the text', () => {
    expect(shown(() => parse('layer {'))).toEqual(['  1 | layer {', '    |        ^']);
    expect(shown(() => parse('layer {\r\n'))).toEqual(['  2 |', '    | ^']);
    expect(shown(() => parse(`${'\n'.repeat(99)}layer {`))).toEqual(['  100 | layer {', '      |        ^']);
  });

  test('without the line break and the byte order mark', () => {
    expect(shown(() => parse('\uFEFFa: ?\r\nb: 1\r\n'))).toEqual(['  1 | a: ?', '    |    ^']);
  });

  test('with tabs under tabs', () => {
    expect(shown(() => parse('\ta:\t?'))).toEqual(['  1 | \ta:\t?', '    | \t  \t^']);
  });

  test('with two blanks under a wide character and none under an accent', () => {
    expect(shown(() => parse('a: "海豚🐬e\u0301" ?'))).toEqual(['  1 | a: "海豚🐬e\u0301" ?', `    | ${' '.repeat(13)}^`]);
  });

  test('with a sign in the place of what a terminal must not get', () => {
    expect(shown(() => parse('a: "\x1b[31m" \0'))).toEqual(['  1 | a: "\ufffd[31m" \ufffd', '    |            ^']);
    expect(shown(() => parse('a: "\ud800" ?'))).toEqual(['  1 | a: "\ufffd" ?', '    |        ^']);
  });
});

describe('of a long line, the part around the place is shown', () => {
  const caret = (lines: string) => {
    const [text = '', mark = ''] = lines.split('\n');
    return text[mark.indexOf('^')];
  };

  test.each([
    [0, '  1 | !', '…'],
    [500, '  1 | …', '…'],
    [999, '  1 | …', '!'],
  ])('at %d', (place, begin, end) => {
    const text = `${'x'.repeat(place)}!${'x'.repeat(999 - place)}`;
    const lines = excerpt(text, 1, place + 1);
    const [line = ''] = lines.split('\n');
    expect(line.startsWith(begin)).toBe(true);
    expect(line.endsWith(end)).toBe(true);
    expect(line.length).toBeLessThan(120);
    expect(caret(lines)).toBe('!');
  });

  test('no character is broken', () => {
    for (let place = 0; place < 300; place += 2) {
      expect(excerpt('🐬'.repeat(300), 1, place + 1)).not.toMatch(/[\ud800-\udfff]/u);
    }
  });

  test('whatever the text and the place, the caret is under the character', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', ' ', 'é', '{'), maxLength: 400 }), fc.nat(), (text, at) => {
        const place = at % (text.length + 1);
        const marked = `${text.slice(0, place)}!${text.slice(place)}`;
        expect(caret(excerpt(marked, 7, place + 1))).toBe('!');
      }),
    );
  });
});
