/** Large files: each of these would take minutes, or the stack, if anything in it grew faster than the file. */
import { diff, format, parse, parseNet, stringify } from '../../lib/prototxt';
import { errorOf } from './shared';

const COUNT = 10_000;
const layers = (gap: string) =>
  Array.from({ length: COUNT }, (_, index) => `layer { name: "l${index}" bottom: "b" loss_weight: 1 }`).join(gap);

describe.each([
  ['in lines', '\n'],
  ['in one line', ' '],
])('many layers %s', (_, gap) => {
  const text = layers(gap);
  const document = parse(text);

  test('are found, one by one', () => {
    const found = Array.from({ length: COUNT }, (_, index) => document.get(`layer[l${index}].loss_weight[0]`));
    expect(new Set(found)).toEqual(new Set([1]));
  });

  test('are edited, all of them', () => {
    const changed = document.edit((edits) => {
      for (let index = 0; index < COUNT; index++) {
        edits.set(`layer[l${index}].loss_weight[0]`, index);
        edits.set(`layer[${index}].relu_param.negative_slope`, 1);
      }
    });
    expect(changed.get(`layer[${COUNT - 1}].loss_weight`)).toEqual([COUNT - 1]);
    expect(changed.get('layer[l7].relu_param.negative_slope')).toBe(1);
    expect([...changed.changes].length).toBe(2 * COUNT - 1);
  });

  test('are removed, and others inserted', () => {
    const anchor = document.layer('l1');
    const changed = document.edit((edits) => {
      for (let index = 0; index < COUNT; index += 2) {
        edits.remove(`layer[${index}]`);
        edits.insert({ name: `n${index}` }, { after: anchor });
      }
    });
    expect(changed.layers()).toHaveLength(COUNT);
  });

  test('are renamed, laid out, read and compared', () => {
    const names = Object.fromEntries(Array.from({ length: COUNT }, (_, index) => [`l${index}`, `m${index}`]));
    const renamed = document.edit((edits) => edits.rename({ layers: names }));
    expect(renamed.get('layer[-1].name')).toBe(`m${COUNT - 1}`);
    expect(parseNet(format(document)).layer).toHaveLength(COUNT);
    expect(stringify(parseNet(document), 'net').length).toBeGreaterThan(text.length);
    expect(String(diff(document, renamed)).length).toBeGreaterThan(text.length);
  });

  test('say where each is wrong', () => {
    for (let index = 0; index < COUNT; index += 100) {
      const layer = document.root.messages('layer')[index];
      expect(layer && document.root.source.locate(layer.start).line).toBe(gap === '\n' ? index + 1 : 1);
    }
    expect(errorOf(() => parse(`${text}${gap}}`)).line).toBe(gap === '\n' ? COUNT + 1 : 1);
  });
});

test('a million values of a field', () => {
  const text = `input_shape { ${'dim: 1\n'.repeat(1_000_000)} }`;
  expect(parseNet(text).input_shape?.[0]?.dim).toHaveLength(1_000_000);
  expect(parse(text).get('input_shape[0].dim')).toHaveLength(1_000_000);
  expect(format(text).length).toBe('input_shape {\n}\n'.length + '  dim: 1\n'.length * 1_000_000);
  const list = `input_shape { dim: [${'1,'.repeat(999_999)}1] }`;
  expect(parseNet(list).input_shape?.[0]?.dim).toHaveLength(1_000_000);
});

test('a million comments, blank lines, and pieces of a string', () => {
  const text = `${'# c\n\n'.repeat(200_000)}name: ${'"a"\n'.repeat(200_000)}`;
  expect(parseNet(text).name).toHaveLength(200_000);
  expect(format(text).length).toBeGreaterThan(200_000);
  const blank = parse(`a: 1${'\n'.repeat(1_000_000)}b: 2${'\n'.repeat(1_000_000)}c: 3\n`);
  const [, b] = blank.root.fields;
  expect(blank.edit((edits) => b && edits.remove(b as never)).root.fields).toHaveLength(2);
});
