/** What an error shows of a text: the line, with a caret under the place. */

/** As much of a long line as is shown around the place. */
const WIDEST = 100;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const WITHOUT_WIDTH = /[\p{Mark}\u200b-\u200f\ufeff]/u;
const UNPRINTABLE = /(?!\t)[\p{Cc}\p{Cs}\u2028\u2029]/u;

/**
 * A line of a text and, below it, a caret under one of its characters:
 *
 * ```
 *   3 |   type: Convolution
 *     |         ^
 * ```
 *
 * @param text the line, without its line break. Of a long one the part around the place is shown.
 * @param line its number.
 * @param column of the character, from 1, in UTF-16 code units; one behind the last is the end of the line.
 */
export function excerpt(text: string, line: number, column: number): string {
  const { before, after } = windowAround(text, column - 1);
  const gutter = `  ${line} | `;
  const shown = (gutter + visible(before) + visible(after)).trimEnd();
  return `${shown}\n${' '.repeat(gutter.length - 2)}| ${padding(before)}^`;
}

/** The characters before and from the place on, cut where there are too many, never within a character. */
function windowAround(text: string, place: number): { before: string; after: string } {
  const before = [...text.slice(Math.max(0, place - WIDEST), place)];
  const after = [...text.slice(place, place + WIDEST)];
  const shownAfter = Math.min(after.length, Math.max(WIDEST / 2, WIDEST - before.length));
  const shownBefore = Math.min(before.length, WIDEST - shownAfter);
  const cutBefore = place > WIDEST || shownBefore < before.length;
  const cutAfter = text.length - place > WIDEST || shownAfter < after.length;
  return {
    before: (cutBefore ? '…' : '') + before.slice(before.length - shownBefore).join(''),
    after: after.slice(0, shownAfter).join('') + (cutAfter ? '…' : ''),
  };
}

/** Control characters and halves of characters would upset a terminal. */
function visible(text: string): string {
  return [...text].map((character) => (UNPRINTABLE.test(character) ? '\ufffd' : character)).join('');
}

/** As wide as the text: a tab for a tab, two blanks for a wide character, none for an accent put on top. */
function padding(text: string): string {
  return [...text]
    .map((character) => {
      if (character === '\t') return '\t';
      if (WITHOUT_WIDTH.test(character)) return '';
      return WIDE.test(character) ? '  ' : ' ';
    })
    .join('');
}
