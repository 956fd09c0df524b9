import fc from 'fast-check';
import { parse, parseNet, rename } from '../../lib/prototxt';
import { describeModels, errorOf, model } from './shared';

const NET = `input: "data" # in
layer { name: 'fc8' type: "InnerProduct" bottom: "data" top: "fc8" param { name: "fc8" } }  # head
layer { name: "relu" type: "ReLU" bottom: "fc8" top: "fc8" }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc8" bottom: "label" top: "loss" }
`;

describe('rename', () => {
  test('layers, blobs, or both', () => {
    expect(rename(NET, { layers: { fc8: "it's" } })).toEqual({
      text: NET.replace("name: 'fc8'", "name: 'it\\'s'"),
      renamed: [{ kind: 'layer', from: 'fc8', to: "it's", count: 1 }],
    });
    expect(rename(NET, { blobs: { fc8: 'scores' } })).toEqual({
      text: NET.replace('top: "fc8" param', 'top: "scores" param')
        .replace('bottom: "fc8" top: "fc8" }', 'bottom: "scores" top: "scores" }')
        .replace('bottom: "fc8" bottom', 'bottom: "scores" bottom'),
      renamed: [{ kind: 'blob', from: 'fc8', to: 'scores', count: 4 }],
    });
    const both = rename(NET, { names: { fc8: 'fc9', data: 'x' } });
    expect(both.renamed).toEqual([
      { kind: 'layer', from: 'fc8', to: 'fc9', count: 1 },
      { kind: 'blob', from: 'fc8', to: 'fc9', count: 4 },
      { kind: 'blob', from: 'data', to: 'x', count: 2 },
    ]);
    expect(both.text).toContain('param { name: "fc8" }');
    expect(both.text).toContain('input: "x" # in');
  });

  test('names for each other', () => {
    const { text } = rename(NET, { layers: { relu: 'loss', loss: 'relu' }, blobs: { data: 'label', label: 'data' } });
    expect(parse(text).get('layer[1].name')).toBe('loss');
    expect(parse(text).get('layer[2].name')).toBe('relu');
    expect(parse(text).get('layer[2].bottom')).toEqual(['fc8', 'data']);
  });

  test('the layers and blobs of each phase', () => {
    const data = (phase: string, top: string) => `layer { name: "data" top: "${top}" include { phase: ${phase} } }\n`;
    const text = `${data('TRAIN', 'a')}${data('TEST', 'b')}layer { name: "x" bottom: "a" top: "y" include { phase: TRAIN } }`;
    expect(rename(text, { layers: { data: 'input' } }).renamed).toEqual([{ kind: 'layer', from: 'data', to: 'input', count: 2 }]);
    // No net has both blobs.
    expect(parse(rename(text, { blobs: { b: 'a' } }).text).get('layer[1].top')).toEqual(['a']);
    expect(errorOf(() => rename(text, { blobs: { y: 'a' } })).message).toBe(
      "The blob 'y' cannot be renamed to 'a': blob 'a' would have the same name.",
    );
    expect(parse(rename(text, { blobs: { y: 'b' } }).text).get('layer[2].top')).toEqual(['b']);
  });

  test('in the notation of the first versions', () => {
    const text = 'layers { layer { name: "a" type: "conv" } bottom: "x" top: "a" } layers { name: "b" bottom: "a" top: "b" }';
    expect(rename(text, { names: { a: 'c' } }).text).toBe(text.replaceAll('"a"', '"c"'));
  });

  test('nothing, where nothing is to be renamed', () => {
    expect(rename(NET, {})).toEqual({ text: NET, renamed: [] });
    expect(rename(NET, { names: { fc8: 'fc8' } })).toEqual({ text: NET, renamed: [] });
  });

  test.each<[object, string]>([
    [{ layers: { fc88: 'x' } }, "There is no layer 'fc88'."],
    [{ blobs: { relu: 'x' } }, "There is no blob 'relu'."],
    [{ names: { nothing: 'x' } }, "There is no layer or blob 'nothing'."],
    [{ layers: { fc8: 'relu' } }, "The layer 'fc8' cannot be renamed to 'relu': layer 'relu' would have the same name."],
    [{ names: { fc8: 'loss' } }, "The layer 'fc8' cannot be renamed to 'loss'"],
    [{ layers: { fc8: 'x', relu: 'x' } }, "The layer 'fc8' cannot be renamed to 'x': layer 'relu' would have the same name."],
    [{ blobs: { fc8: '' } }, "'blobs.fc8' takes a name"],
    [{ blobs: { fc8: 5 } }, "'blobs.fc8' takes a name"],
    [{ blobs: 'fc8' }, "'blobs' must be an object"],
    [{ layers: null }, "'layers' must be an object"],
  ])('refuses %j', (options, message) => {
    const error = errorOf(() => rename(NET, options));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
  });

  test('suggests what was meant', () => {
    expect(errorOf(() => rename(NET, { names: { fc88: 'x' } })).hint).toBe("Did you mean 'fc8'?");
  });

  test('there and back is the same file', () => {
    const names = fc.constantFrom('data', 'fc8', 'relu', 'loss', 'label');
    fc.assert(
      fc.property(names, fc.string({ minLength: 1, unit: 'grapheme' }), (from, to) => {
        fc.pre(!NET.includes(to));
        const there = rename(NET, { names: { [from]: to } }).text;
        expect(rename(there, { names: { [to]: from } }).text).toBe(NET);
      }),
    );
  });
});

describeModels('published files, renamed throughout', () => {
  test('GoogLeNet is the same net with other names', () => {
    const text = model('bvlc_googlenet/train_val');
    const net = parseNet(text);
    const all = new Set((net.layer ?? []).flatMap(({ name = '', bottom = [], top = [] }) => [name, ...bottom, ...top]));
    const renamed = rename(text, { names: Object.fromEntries([...all].map((name) => [name, `new/${name}`])) }).text;
    const prefixed = (names: string[] | undefined) => names?.map((name) => `new/${name}`);
    const expected = net.layer?.map((layer) => ({
      ...layer,
      name: `new/${layer.name}`,
      ...(layer.bottom && { bottom: prefixed(layer.bottom) }),
      ...(layer.top && { top: prefixed(layer.top) }),
    }));
    expect(parseNet(renamed).layer).toEqual(expected);
  });
});
