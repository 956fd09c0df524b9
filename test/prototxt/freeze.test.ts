import fc from 'fast-check';
import { type FreezeOptions, freeze, parse, parseNet, type UnfreezeOptions, unfreeze } from '../../lib/prototxt';
import { Solver } from '../../lib/solver';
import { describeModels, errorOf, model } from './shared';

const layer = (type: string, rest = '', name = 'a') =>
  `layer {\n  name: "${name}"\n  type: "${type}"\n  bottom: "x"\n  top: "${name}"\n${rest}}\n`;
const paramsOf = (text: string, name: string) => parseNet(text).layer?.find((one) => one.name === name)?.param;

const text = ['Convolution', 'ReLU', 'BatchNorm', 'InnerProduct', 'Python']
  .map((type, index) => layer(type, '', `l${index}`))
  .join('')
  .concat('layer { name: "l5" type: "Python" param { } }\n');

describe('freeze', () => {
  test('stops all layers with parameters up to one', () => {
    const result = freeze(text, { through: 'l2' });
    expect(result.frozen).toEqual(['l0']);
    expect(paramsOf(result.text, 'l0')).toEqual([
      { lr_mult: 0, decay_mult: 0 },
      { lr_mult: 0, decay_mult: 0 },
    ]);
    expect(paramsOf(result.text, 'l3')).toBeUndefined();
  });

  test('stops all but some, and takes the params of layers it does not know as they are', () => {
    const result = freeze(text, { except: ['l3'] });
    expect(result.frozen).toEqual(['l0', 'l5']);
    expect(paramsOf(result.text, 'l5')).toEqual([{ lr_mult: 0, decay_mult: 0 }]);
  });

  test('says what the multipliers were and are, and of a repetition that nothing changed', () => {
    const given = layer('Convolution', '  param { lr_mult: 3 }\n');
    const once = freeze(given, { layers: ['a'] });
    expect(once.changed).toEqual([
      {
        layer: 'a',
        before: [
          { learning: 3, decay: 1 },
          { learning: 1, decay: 1 },
        ],
        after: [
          { learning: 0, decay: 0 },
          { learning: 0, decay: 0 },
        ],
      },
    ]);
    expect(freeze(once.text, { layers: ['a'] })).toEqual({ ...once, changed: [] });
  });

  test.each<[string, FreezeOptions, string[]]>([
    ['a name', { layers: ['l3'] }, ['l3']],
    ['a star', { layers: ['*'] }, ['l0', 'l3', 'l5']],
    ['a question mark', { layers: ['?0', 'l5'] }, ['l0', 'l5']],
    ['an expression with a memory', { layers: [/L/gi] }, ['l0', 'l3', 'l5']],
    ['a type', { types: ['InnerProduct', 'ReLU'] }, ['l3']],
    ['all at once', { through: 'l3', layers: ['l*'], types: ['Convolution', 'InnerProduct'], except: [/0/] }, ['l3']],
    ['a layer without parameters, through which nothing is left', { through: 'l1', except: ['l0'] }, []],
  ])('selects by %s', (_, options, frozen) => {
    const result = freeze(text, options);
    expect(result.frozen).toEqual(frozen);
    expect(result.changed.map(({ layer }) => layer)).toEqual(frozen);
  });

  test('takes dots and brackets of names for what they are', () => {
    const named = layer('PReLU', '', 'a.b[1]') + layer('PReLU', '', 'axb1');
    expect(freeze(named, { layers: ['a.b[1]'] }).frozen).toEqual(['a.b[1]']);
    expect(freeze(named, { layers: ['a.*'] }).frozen).toEqual(['a.b[1]']);
  });

  test('stops what shares a parameter, or refuses where that is to learn', () => {
    const shared = ['a', 'b'].map((name) => layer('PReLU', '  param { name: "w" }\n', name)).join('');
    const result = freeze(shared, { layers: ['b'] });
    expect(result.frozen).toEqual(['a', 'b']);
    expect(paramsOf(result.text, 'a')).toEqual([{ name: 'w', lr_mult: 0, decay_mult: 0 }]);
    expect(errorOf(() => freeze(shared, { except: ['a'] }))).toMatchObject({ code: 'ERR_CAFFE_INPUT', layer: 'a' });
  });

  test('has BatchNorm keep its statistics only where asked to', () => {
    expect(freeze(text, { through: 'l2' }).statistics).toEqual([]);
    const result = freeze(text, { through: 'l2', batchNormStatistics: true });
    expect(result.statistics).toEqual(['l2']);
    expect(result.text).toContain('  top: "l2"\n  batch_norm_param {\n    use_global_stats: true\n  }\n}');
    expect(freeze(result.text, { through: 'l2', batchNormStatistics: true })).toMatchObject({ text: result.text, statistics: [] });
    const said = layer('BatchNorm', '  batch_norm_param { use_global_stats: false eps: 1e-3 }\n');
    expect(freeze(said, { layers: ['a'], batchNormStatistics: true }).text).toBe(said.replace('false', 'true'));
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, "'through'"],
    ['no selection', {}, "'through'"],
    ['an unknown layer', { through: 'l9' }, "no layer 'l9'"],
    ['an unknown exception', { except: ['none'] }, "no layer 'none'"],
    ['a pattern that matches nothing', { layers: ['conv*'] }, "'conv*' matches"],
    ['an expression that matches nothing', { layers: [/conv/] }, "'/conv/' matches"],
    ['a type that is not there', { types: ['InerProduct'] }, "'InerProduct'"],
    ['a layer that has nothing to learn', { layers: ['l1'] }, 'l1'],
    ['a BatchNorm, which has only statistics', { layers: ['l2'] }, 'l2'],
    ['a text for a list', { layers: 'l0' }, "'layers'"],
    ['numbers for names', { except: [5] }, "'except'"],
    ['a number for a layer', { through: 0 }, "'through'"],
    ['a flag that is none', { through: 'l0', batchNormStatistics: 'yes' }, "'batchNormStatistics'"],
  ])('refuses %s', (_, options, message) => {
    const error = errorOf(() => freeze(text, options as FreezeOptions));
    expect(error.code).toBe('ERR_CAFFE_INPUT');
    expect(error.message).toContain(message);
  });

  test('suggests what was probably meant', () => {
    expect(errorOf(() => freeze(text, { types: ['InerProduct'] })).hint).toBe("Did you mean 'InnerProduct'?");
    expect(errorOf(() => freeze(text, { layers: ['l2'] })).hint).toContain('batchNormStatistics');
  });

  test('refuses a solver, and says where its network is', () => {
    const error = errorOf(() => freeze('net: "train_val.prototxt"\nbase_lr: 0.1', { through: 'a' }));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1, hint: 'Its network is train_val.prototxt.' });
    expect(errorOf(() => freeze('lyaer { }', { through: 'a' })).hint).toBe("Did you mean 'layer'?");
  });
});

describe('unfreeze', () => {
  test('gives what is frozen the multipliers of published nets, and leaves the rest', () => {
    const given = layer('Convolution', '  param { lr_mult: 0 decay_mult: 0 } # w\n  param { lr_mult: 0 decay_mult: 0 }\n');
    const result = unfreeze(given + layer('PReLU', '  param { lr_mult: 5 }\n', 'b'));
    expect(result.unfrozen).toEqual(['a']);
    expect(result.changed[0]?.after).toEqual([
      { learning: 1, decay: 1 },
      { learning: 2, decay: 0 },
    ]);
    expect(result.text).toContain('param { lr_mult: 1 decay_mult: 1 } # w\n  param { lr_mult: 2 decay_mult: 0 }\n');
    expect(unfreeze(result.text)).toEqual({ text: result.text, unfrozen: [], changed: [], statistics: [] });
  });

  test('thaws the frozen parameters of a layer only', () => {
    const half = layer('Convolution', '  param { lr_mult: 0 }\n  param { lr_mult: 7 }\n');
    expect(paramsOf(unfreeze(half).text, 'a')?.map(({ lr_mult }) => lr_mult)).toEqual([1, 7]);
  });

  test('takes other multipliers, the last for all that follow', () => {
    const frozen = freeze(text, { through: 'l3' }).text;
    const result = unfreeze(frozen, { layers: ['l0'], multipliers: [{ learning: 0.1, decay: 2 }] });
    expect(result.unfrozen).toEqual(['l0']);
    expect(paramsOf(result.text, 'l0')?.map(({ lr_mult }) => lr_mult)).toEqual([0.1, 0.1]);
    expect(paramsOf(result.text, 'l3')?.map(({ lr_mult }) => lr_mult)).toEqual([0, 0]);
  });

  test('undoes the freezing of statistics, and leaves no empty message', () => {
    for (const norm of [layer('BatchNorm'), layer('BatchNorm', '  batch_norm_param { eps: 0.5 }\n')]) {
      const frozen = freeze(norm, { layers: ['a'], batchNormStatistics: true }).text;
      expect(unfreeze(frozen)).toMatchObject({ text: frozen, statistics: [] });
      const thawed = unfreeze(frozen, { batchNormStatistics: true });
      expect(thawed.statistics).toEqual(['a']);
      expect(parseNet(thawed.text)).toEqual(parseNet(norm));
    }
  });

  test.each<[string, unknown]>([
    ['no multipliers', { multipliers: [] }],
    ['multipliers that are numbers', { multipliers: [1, 2] }],
    ['negative multipliers', { multipliers: [{ learning: -1, decay: 1 }] }],
    ['half of them', { multipliers: [{ learning: 1 }] }],
    ['an unknown layer', { layers: ['l9'] }],
  ])('refuses %s', (_, options) => {
    expect(errorOf(() => unfreeze(text, options as UnfreezeOptions)).code).toBe('ERR_CAFFE_INPUT');
  });
});

const block = fc.constantFrom('', '  param { lr_mult: 2 }\n', '  param {\n    decay_mult: 3 # why\n  }\n', '  param { name: "w" }\n');
const layers = fc.array(fc.tuple(fc.constantFrom('Convolution', 'BatchNorm', 'PReLU', 'ReLU', 'Python'), block, block), {
  minLength: 1,
  maxLength: 5,
});
const networks = layers.map((all) => all.map(([type, ...blocks], index) => layer(type, blocks.join(''), `l${index}`)).join('# between\n'));

/** The text without `param` blocks and the statistics of BatchNorm. */
function withoutRates(network: string): string {
  return network.replace(/ *(batch_norm_)?param \{[^}]*\}[^\n]*\n/g, '');
}

test('whatever is frozen: nothing else changes, no rate is left, twice is once, and it can be undone', () => {
  fc.assert(
    fc.property(networks, (network) => {
      const once = freeze(network, { except: [], batchNormStatistics: true });
      expect(withoutRates(once.text)).toBe(withoutRates(network));
      const rates = (parseNet(once.text).layer ?? []).flatMap(({ type, param = [] }) => (type === 'BatchNorm' ? [] : param));
      expect(rates.every(({ lr_mult, decay_mult }) => lr_mult === 0 && decay_mult === 0)).toBe(true);
      expect(freeze(once.text, { except: [], batchNormStatistics: true }).text).toBe(once.text);
      const thawed = unfreeze(once.text, { batchNormStatistics: true });
      expect(withoutRates(thawed.text)).toBe(withoutRates(network));
      expect(thawed.unfrozen).toEqual(once.frozen);
      expect(thawed.statistics).toEqual(once.statistics);
      parse(thawed.text);
    }),
  );
});

describeModels('on published networks', () => {
  test('freeze stops AlexNet up to its last convolution', () => {
    const before = model('bvlc_alexnet/train_val');
    const result = freeze(before, { through: 'pool5' });
    expect(result.frozen).toEqual(['conv1', 'conv2', 'conv3', 'conv4', 'conv5']);
    expect(result.text.split('\n')).toHaveLength(before.split('\n').length);
  });

  test('unfreeze gives AlexNet its own multipliers back, byte for byte', () => {
    const before = model('bvlc_alexnet/train_val');
    expect(unfreeze(freeze(before, { layers: ['conv?', 'fc*'] }).text).text).toBe(before);
  });

  test('the inception modules of GoogLeNet go by a pattern', () => {
    expect(freeze(model('bvlc_googlenet/train_val'), { layers: ['inception_3a/*'] }).frozen).toHaveLength(6);
  });
});

describe('in Caffe', () => {
  const NET = `
layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param { shape { dim: 4 dim: 2 dim: 3 dim: 3 } shape { dim: 4 }
  data_filler { type: "gaussian" } data_filler { type: "constant" } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 2 weight_filler { type: "xavier" } } }
layer { name: "norm" type: "BatchNorm" bottom: "conv" top: "norm" }
layer { name: "fc" type: "InnerProduct" bottom: "norm" top: "fc" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
`;

  /** The layers whose blobs a step of training changes. */
  async function changedBy(net: string): Promise<string[]> {
    const solver = await Solver.from(`net_param { ${net} } base_lr: 0.1 lr_policy: "fixed" weight_decay: 0.1 display: 0`);
    const read = () =>
      Object.fromEntries(Object.entries(solver.net.params).map(([name, blobs]) => [name, blobs.map(({ data }) => [...data])]));
    const before = read();
    await solver.step(2);
    const after = read();
    await solver.dispose();
    return Object.keys(before).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  }

  test('frozen layers stay as they are, statistics too where asked to, and unfrozen ones learn again', async () => {
    expect(await changedBy(NET)).toEqual(['conv', 'norm', 'fc']);
    expect(await changedBy(freeze(NET, { through: 'norm' }).text)).toEqual(['norm', 'fc']);
    const frozen = freeze(NET, { through: 'norm', batchNormStatistics: true }).text;
    expect(await changedBy(frozen)).toEqual(['fc']);
    expect(await changedBy(unfreeze(frozen, { batchNormStatistics: true }).text)).toEqual(['conv', 'norm', 'fc']);
  });
});
