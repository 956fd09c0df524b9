import fc from 'fast-check';
import { Net } from '../../lib/net';
import { parseNet, type SelectOptions, select } from '../../lib/prototxt';
import { builtBy, loadable } from './loadable';
import { describeModels, errorOf, model, modelNames } from './shared';

const layer = (name: string, rules = '') => `layer { name: "${name}" type: "Power" bottom: "data" top: "${name}" ${rules}}\n`;
const INPUT = 'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 2 } } }\n';
const namesOf = (text: string) => (parseNet(text).layer ?? []).map(({ name }) => name);
/** Layers that Caffe adds where several read one blob. */
const isSplit = (name: string) => name.endsWith('_split');

describe('select', () => {
  test('leaves the layers of a state, without their rules', () => {
    const text = `# mine\n${layer('a', 'include { phase: TRAIN } ')}# of b\n${layer('b', 'exclude { phase: TRAIN } ')}${layer('c')}`;
    expect(select(text, { phase: 'train' })).toEqual({ text: `# mine\n${layer('a')}${layer('c')}`, removed: ['b'] });
    expect(select(text, { phase: 'test' }).removed).toEqual(['a']);
  });

  test('keeps the rules where asked to, as Caffe does', () => {
    const text = layer('a', 'include { phase: TRAIN } ') + layer('b', 'exclude { phase: TRAIN } ');
    expect(select(text, { phase: 'train', keepRules: true }).text).toBe(layer('a', 'include { phase: TRAIN } '));
  });

  test('knows levels and stages, those that the file itself states among them', () => {
    const rules = ['include { min_level: 1 max_level: 2 }', 'include { stage: "x" not_stage: "y" }', 'exclude { stage: "x" }'];
    const text = rules.map((rule, index) => layer(`l${index}`, `${rule} `)).join('');
    expect(select(text, { phase: 'test' }).removed).toEqual(['l0', 'l1']);
    expect(select(text, { phase: 'test', level: 2, stages: ['x'] }).removed).toEqual(['l2']);
    expect(select(text, { phase: 'test', level: 3, stages: ['x', 'y'] }).removed).toEqual(['l0', 'l1', 'l2']);
    const stated = `state { level: 1 stage: "x" }\n${text}`;
    expect(select(stated, { phase: 'test' }).removed).toEqual(['l2']);
    expect(select(stated, { phase: 'test', level: 0, stages: ['y'] }).removed).toEqual(['l0', 'l1', 'l2']);
  });

  test('leaves a file without rules alone, also an empty one', () => {
    for (const text of ['', '# nothing\n', INPUT + layer('a')]) expect(select(text, { phase: 'train' })).toEqual({ text, removed: [] });
  });

  test.each<[string, unknown]>([
    ['no options', undefined],
    ['no phase', {}],
    ['a phase in capitals', { phase: 'TRAIN' }],
    ['a level that is none', { phase: 'train', level: 0.5 }],
    ['a level beyond 32 bits', { phase: 'train', level: 2 ** 31 }],
    ['a text for stages', { phase: 'train', stages: 'val' }],
    ['a flag that is none', { phase: 'train', keepRules: 1 }],
  ])('refuses %s', (_, options) => {
    expect(errorOf(() => select(INPUT, options as SelectOptions)).code).toBe('ERR_CAFFE_INPUT');
  });

  test('refuses old layers, a solver, and a layer with both kinds of rules', () => {
    expect(errorOf(() => select('layers { }', { phase: 'train' })).code).toBe('ERR_CAFFE_UNSUPPORTED');
    expect(errorOf(() => select('max_iter: 5', { phase: 'train' })).code).toBe('ERR_CAFFE_PROTOTXT');
    expect(errorOf(() => select(layer('a', 'include { } exclude { } '), { phase: 'train' })).layer).toBe('a');
  });
});

const stage = fc.constantFrom('x', 'y');
const rule = fc
  .record(
    {
      phase: fc.constantFrom('TRAIN', 'TEST'),
      min_level: fc.integer({ min: -1, max: 2 }),
      max_level: fc.integer({ min: -1, max: 2 }),
      stage,
      not_stage: stage,
    },
    { requiredKeys: [] },
  )
  .map((fields) => {
    const texts = Object.entries(fields).map(([name, value]) => `${name}: ${name.endsWith('stage') ? `"${value}"` : value}`);
    return `{ ${texts.join(' ')} }`;
  });
const rules = fc.tuple(fc.constantFrom('include', 'exclude'), fc.array(rule, { maxLength: 2 }));
const states = fc.record({
  phase: fc.constantFrom('train' as const, 'test' as const),
  level: fc.integer({ min: -2, max: 3 }),
  stages: fc.subarray(['x', 'y']),
});

test('of any rules and state, the layers are those that Caffe builds; twice is once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rules, { maxLength: 6 }), states, async (all, state) => {
      const text = INPUT + all.map(([kind, some], index) => layer(`l${index}`, some.map((one) => `${kind} ${one} `).join(''))).join('');
      const selected = select(text, state);
      const net = await Net.from(text, state);
      const built = net.layers.map(({ name }) => name).filter((name) => !isSplit(name));
      await net.dispose();
      expect(namesOf(selected.text)).toEqual(built);
      expect(select(selected.text, state)).toEqual({ text: selected.text, removed: [] });
      const kept = select(text, { ...state, keepRules: true });
      expect(kept.removed).toEqual(selected.removed);
      expect(select(kept.text, state).text).toBe(selected.text);
    }),
    { numRuns: 150 },
  );
});

describeModels('on published networks', () => {
  const STATES: SelectOptions[] = [
    { phase: 'train' },
    { phase: 'test' },
    { phase: 'train', stages: ['train'] },
    { phase: 'test', stages: ['val'] },
    { phase: 'test', stages: ['deploy'] },
  ];
  const networks = modelNames().filter((name) => !name.includes('solver'));

  test.each(networks)('%s is in every state the network that Caffe builds of the whole file', async (name) => {
    const text = loadable(model(name));
    const built: string[] = [];
    for (const state of STATES) {
      const selected = select(text, state).text;
      expect(selected).not.toMatch(/\b(include|exclude)\b/);
      const whole = await builtBy(text, state);
      expect(await builtBy(selected, state)).toBe(whole);
      built.push(whole);
    }
    expect(built.some((net) => !net.startsWith('refused'))).toBe(true);
  });
});
