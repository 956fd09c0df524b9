import { netState } from '../../lib/prototxt/document/rules';
import { Graph } from '../../lib/prototxt/network/graph';
import { isActive, readNetwork } from '../../lib/prototxt/network/network';
import { errorOf } from './shared';

describe('rules', () => {
  const active = (rules: string, state = netState('TEST')) => {
    const [layer] = readNetwork(`layer { name: "a" ${rules} }`).layers;
    return layer !== undefined && isActive(layer, state);
  };

  test.each([
    ['', true],
    ['include { }', true],
    ['include { phase: TEST }', true],
    ['include { phase: 1 }', true],
    ['include { phase: TRAIN }', false],
    ['include { phase: TRAIN } include { phase: TEST }', true],
    ['exclude { phase: TEST }', false],
    ['exclude { phase: TRAIN }', true],
    ['exclude { }', false],
    ['include { stage: "deploy" }', false],
    ['exclude { stage: "deploy" }', true],
    ['include { not_stage: "deploy" }', true],
    ['include { min_level: 1 }', false],
    ['include { max_level: 0 min_level: -1 }', true],
  ])('%j in TEST at level 0: %s', (rules, expected) => {
    expect(active(rules)).toBe(expected);
  });

  test('want all stages and none of the others', () => {
    expect(active('include { stage: "a" stage: "b" }', netState('TEST', 'a'))).toBe(false);
    expect(active('include { stage: "a" stage: "b" }', netState('TEST', 'b', 'c', 'a'))).toBe(true);
    expect(active('include { stage: "a" not_stage: "c" }', netState('TEST', 'a', 'c'))).toBe(false);
  });

  test('are not both include and exclude', () => {
    const error = errorOf(() => readNetwork('layer {\n name: "a" include { } exclude { } }'));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', layer: 'a', line: 1 });
  });

  test('know two phases', () => {
    expect(errorOf(() => readNetwork('layer {\n include { phase: TRIAN } }'))).toMatchObject({
      code: 'ERR_CAFFE_PROTOTXT',
      line: 2,
      column: 19,
    });
  });
});

describe('readNetwork', () => {
  test('points to upgrade for the notation of the first versions', () => {
    const error = errorOf(() => readNetwork('name: "x"\nlayers { name: "a" type: CONVOLUTION }'));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_UNSUPPORTED', line: 2, column: 1 });
    expect(error.hint).toContain('prototxt.upgrade');
  });

  test.each([
    ['layer { name: 5 }', 15],
    ['layer { bottom: MAX }', 17],
    ['layer: 5', 8],
    ['layer { name: "a" name: "b" }', 19],
    ['layer { include: 5 }', 18],
  ])('refuses %s with the place', (text, column) => {
    expect(errorOf(() => readNetwork(text))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1, column });
  });

  test('reads an empty file as a network without layers', () => {
    expect(readNetwork('').layers).toEqual([]);
  });
});

describe('the graph', () => {
  const network = readNetwork(`
    layer { name: "in" type: "Input" top: "data" }
    layer { name: "conv" bottom: "data" top: "conv" }
    layer { name: "relu" bottom: "conv" top: "conv" }
    layer { name: "side" bottom: "conv" top: "side" }
    layer { name: "pool" bottom: "conv" top: "pool" }
    layer { name: "loss" bottom: "pool" bottom: "label" top: "loss" }`);
  const graph = new Graph(network.layers);
  const [input, conv, relu, side, pool, loss] = network.layers;
  if (!input || !conv || !relu || !side || !pool || !loss) throw new Error('the fixture has six layers');

  test('sees layers that work in place as one more step', () => {
    expect(graph.readers(conv).map(({ layer }) => layer)).toEqual([relu]);
    expect(graph.readers(relu).map(({ layer }) => layer)).toEqual([side, pool]);
    expect(graph.producer(pool, 0)).toBe(relu);
  });

  test('knows what is read and not produced, and what is produced and not read', () => {
    expect(graph.missing).toEqual([{ blob: 'label', layer: loss }]);
    expect(graph.outputs.map(({ blob }) => blob)).toEqual(['side', 'loss']);
  });

  test('walks back to everything that feeds a layer', () => {
    expect(graph.ancestors(pool)).toEqual(new Set([pool, relu, conv, input]));
  });
});
