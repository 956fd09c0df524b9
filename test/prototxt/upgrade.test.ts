import fc from 'fast-check';
import { native } from '../../lib/native';
import { Net } from '../../lib/net';
import { parse, parseNet, upgrade } from '../../lib/prototxt';
import { enumOf } from '../../lib/prototxt/schema/messages';
import { failureOf } from '../support/failure';
import { ALEXNET_V1, CAFFENET_V1 } from './old-networks';
import { describeModels, model, modelNames } from './shared';

/**
 * A network as the linked Caffe reads it. Where it moves the transformation of one data layer, it gives all of them an empty
 * `transform_param` (and `data_param`), which say nothing.
 */
function messageOf(text: string): unknown {
  const message = native.messages.fromText('NetParameter', text);
  const plain = JSON.parse(JSON.stringify(message, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value)));
  const isEmpty = (value: unknown) => typeof value === 'object' && Object.keys(value ?? {}).length === 0;
  for (const layer of plain.layer ?? []) {
    for (const name of ['transform_param', 'data_param', 'image_data_param', 'window_data_param'])
      if (isEmpty(layer[name])) delete layer[name];
  }
  return plain;
}

/** Upgrades, and compares with what the linked Caffe makes of the same text. */
async function upgraded(text: string) {
  const result = await upgrade(text);
  const theirs = await native.upgradeNet(text);
  expect(messageOf(result.text)).toEqual(messageOf(theirs.text));
  expect(result.from).toBe(theirs.from);
  return result;
}

describe('layers of the first versions', () => {
  test('keep their comments and their layout', async () => {
    const old = `# ours
name: "old"

layers {
  # the first
  name: "conv1"
  type: CONVOLUTION # large
  bottom: "data"
  top: "conv1"
  # how fast
  blobs_lr: 1 # weights
  blobs_lr: 2 # bias
  # decay
  weight_decay: 1.
  weight_decay: 0
  convolution_param { num_output: 2 kernel_size: 3 } # kernel
}
layers { name: "relu1" type: RELU bottom: "conv1" top: "conv1" }
`;
    expect(await upgraded(old)).toEqual({
      text: `# ours
name: "old"

layer {
  # the first
  name: "conv1"
  type: "Convolution" # large
  bottom: "data"
  top: "conv1"
  # how fast
  param {
    lr_mult: 1 # weights
    # decay
    decay_mult: 1.
  }
  param {
    lr_mult: 2 # bias
    decay_mult: 0
  }
  convolution_param { num_output: 2 kernel_size: 3 } # kernel
}
layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
`,
      from: 'v1',
      kind: 'net',
      keepsLayout: true,
      old: [
        { line: 4, layer: 'conv1', fields: ['layers', 'type', 'blobs_lr', 'weight_decay'] },
        { line: 18, layer: 'relu1', fields: ['layers', 'type'] },
      ],
    });
  });

  test('in one line stay in one line', async () => {
    const { text } = await upgraded(
      'layers { name: "a" type: PRELU }'.replace('PRELU', 'POWER blobs_lr: [1, 2] weight_decay: 3; param: "w"'),
    );
    expect(text).toBe('layer { name: "a" type: "Power" param { name: "w" lr_mult: 1 decay_mult: 3 } param { lr_mult: 2 } }');
  });

  test('do not run together where nothing but a list kept them apart', async () => {
    const { text } = await upgraded('layers{type:RELU blobs_lr:[1]include{phase:TRAIN} weight_decay:[2]name:"n"}');
    expect(text).toBe('layer{type:"ReLU" param { lr_mult: 1 decay_mult: 2 }include{phase:TRAIN} name:"n"}');
    expect((await upgraded('layers{blobs_lr:[1]type:RELU weight_decay:[2]name:"n"}')).text).toContain('"ReLU" name:"n"');
  });

  test('have types by name or number, all that there are', async () => {
    const types = Object.entries(enumOf('V1LayerParameter.LayerType') ?? {});
    expect(types.length).toBeGreaterThan(35);
    const text = types.map(([name, number]) => `layers { type: ${name} }\nlayers { type: ${number} }\n`).join('');
    await upgraded(text);
  });

  test('share parameters by name, in the mode they say', async () => {
    const { text } = await upgraded('layers {\n  type: INNER_PRODUCT\n  param: "w"\n  param: "b"\n  blob_share_mode: PERMISSIVE\n}\n');
    expect(parseNet(text).layer?.[0]?.param).toEqual([{ name: 'w', share_mode: 'PERMISSIVE' }, { name: 'b' }]);
  });

  test('of data say what is done to pictures in a message of its own', async () => {
    const { text, old } = await upgraded(`layers {
  name: "d"
  type: DATA
  data_param {
    source: "s"
    # half of them
    mirror: true
    crop_size: 5 # pixels
    batch_size: 3
  }
}
layers { name: "i" type: IMAGE_DATA image_data_param { scale: 2 mirror: true } transform_param { mirror: false mean_value: 1 } }
layers { name: "w" type: WINDOW_DATA window_data_param { source: "s" mean_file: "m" } }
layers { name: "none" type: DATA data_param { source: "s" } }
`);
    expect(text).toContain(
      'transform_param {\n    # half of them\n    mirror: true\n    crop_size: 5 # pixels\n  }\n  data_param {\n    source: "s"\n    batch_size: 3\n  }\n',
    );
    expect(text).toContain('image_data_param { } transform_param { mirror: true mean_value: 1 scale: 2 }');
    expect(text).toContain('transform_param { mean_file: "m" } window_data_param { source: "s" }');
    expect(text).toContain('layer { name: "none" type: "Data" data_param { source: "s" } }');
    expect(old.map(({ fields }) => fields.slice(2))).toEqual([['mirror', 'crop_size'], ['scale', 'mirror'], ['mean_file'], []]);
  });

  test('AlexNet of 2014 is the published one of today', async () => {
    const { text, old } = await upgraded(ALEXNET_V1);
    expect(old).toHaveLength(ALEXNET_V1.split('layers {').length);
    expect(text).toContain('# ten crops of a picture\nlayer {\n  name: "input"\n  type: "Input"\n  top: "data"\n');
    expect(text).toContain('      dim: 10 # crops\n      dim: 3 # blue, green, red\n      dim: 227\n');
    expect((await upgrade(text)).text).toBe(text);
  });

  test('CaffeNet in lines of its own stays in them', async () => {
    const { text } = await upgraded(CAFFENET_V1);
    expect(text.split('\n')).toHaveLength(CAFFENET_V1.split('\n').length);
    expect((await upgrade(text)).text).toBe(text);
  });

  test('run', async () => {
    const { text } = await upgraded(`input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layers { name: "conv" type: CONVOLUTION bottom: "data" top: "conv" blobs_lr: 1 blobs_lr: 2 convolution_param { num_output: 2 kernel_size: 3 } }
layers { name: "prob" type: SOFTMAX bottom: "conv" top: "prob" }
`);
    const net = await Net.from(text);
    expect((await net.forward()).prob?.shape).toEqual([1, 2, 6, 6]);
    await net.dispose();
  });

  test.each([
    ['a type that there never was', 'name: "a"\nlayers { type: CONVOLUTON }', 2, "Did you mean 'CONVOLUTION'?"],
    ['a type in quotes', 'layers { type: "Convolution" }', 1, 'Types of old are bare words: CONVOLUTION.'],
    ['both notations', 'layer { type: "ReLU" }\nlayers { type: RELU }', 2, expect.stringContaining("write 'layer'")],
    ['two types', 'layers {\n  type: RELU\n  type: RELU\n}', 3, undefined],
    ['a message for a multiplier', 'layers {\n  blobs_lr { }\n}', 2, undefined],
  ])('are refused for %s', async (_, text, line, hint) => {
    const error = await failureOf(upgrade(text));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line });
    expect(error.hint).toEqual(hint);
    expect(await failureOf(native.upgradeNet(text))).toMatchObject({ code: expect.stringMatching(/^ERR_CAFFE_(PROTOTXT|FATAL)$/) });
  });
});

describeModels('published networks in the notation of old', () => {
  const published = modelNames().filter((name) => /bvlc.*(train_val|deploy)$/.test(name));
  const numbers = enumOf('V1LayerParameter.LayerType') ?? {};
  /** Types of old by the names of today, told by the linked Caffe. */
  const oldTypes = async () => {
    const names = Object.keys(numbers);
    const { text } = await native.upgradeNet(names.map((name) => `layers { type: ${name} }`).join('\n'));
    return new Map(parseNet(text).layer?.map(({ type }, index) => [type, names[index]]));
  };

  test.each(published)('%s is the same after it was made old', async (name) => {
    const types = await oldTypes();
    const net = parseNet(model(name));
    const downgraded = (net.layer ?? []).map(({ type, param = [], ...layer }) => ({
      ...layer,
      type: types.get(type),
      blobs_lr: param.map(({ lr_mult }) => lr_mult),
      weight_decay: param.map(({ decay_mult }) => decay_mult),
    }));
    const [input] = (net.layer ?? []).filter(({ type }) => type === 'Input');
    const dims = input?.input_param?.shape?.[0]?.dim ?? [];
    const lines = downgraded.filter((layer) => layer.type !== undefined).map((layer) => `layers {\n${printed(layer)}}\n`);
    const old = `name: ${JSON.stringify(net.name)}\n${input ? `input: "data"\ninput_dim: [${dims}]\n` : ''}${lines.join('')}`;
    const { text } = await upgraded(old);
    const asPublished = text.replace('name: "input"', 'name: "data"');
    expect(messageOf(asPublished)).toEqual(messageOf(model(name)));
  });

  function printed(message: object): string {
    return Object.entries(message)
      .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [name, one]) : [[name, value]]))
      .map(([name, value]) => {
        if (typeof value === 'object') return `${name} {\n${printed(value)}}\n`;
        return `${name}: ${typeof value === 'string' && !/^[A-Z][A-Z0-9_]+$/.test(value) ? JSON.stringify(value) : value}\n`;
      })
      .join('');
  }

  test('today’s files stay as they are', async () => {
    for (const name of modelNames().filter((one) => !one.endsWith('SqueezeNet_deploy'))) {
      const text = model(name);
      expect(await upgrade(text)).toMatchObject({ text, from: 'v2', old: [], keepsLayout: true });
    }
  });

  test('the inputs of SqueezeNet become a layer', async () => {
    const text = model('squeezenet/SqueezeNet_deploy');
    const result = await upgraded(text);
    expect(result).toMatchObject({ from: 'v2', old: [{ fields: ['input', 'input_dim'] }] });
    expect(result.text).toContain(
      'layer {\n  name: "input"\n  type: "Input"\n  top: "data"\n  input_param { shape { dim: 1 dim: 3 dim: 227 dim: 227 } }\n}\n',
    );
    expect(result.text.slice(result.text.indexOf('layer {\n  name: "conv1"'))).toBe(text.slice(text.indexOf('layer {\n  name: "conv1"')));
  });
});

describe('inputs that are fields', () => {
  test.each([
    ['several by input_dim', 'input: "a"\ninput: "b"\ninput_dim: [1, 2, 3, 4]\ninput_dim: [5, 6, 7, 8]\n'],
    ['several by input_shape', 'input: "a"\ninput_shape { dim: 1 }\ninput: "b"\ninput_shape { dim: 2 dim: 3 }\n'],
    ['several in a list', 'input: ["a", "b"] input_dim: [1, 2, 3, 4, 5, 6, 7, 8]\n'],
    ['more extents than inputs', 'input: "a"\ninput_dim: [1, 2, 3, 4, 5, 6]\n'],
    ['one that has no shape', 'input: "a"\n'],
    ['one behind the layers', 'layer { name: "x" type: "ReLU" bottom: "a" top: "b" }\ninput: "a" input_shape { dim: 3 }\n'],
    ['one without layers', 'input: "a" input_shape { }'],
    ['old layers', 'input: "a" input_shape { dim: 1 }\nlayers { type: RELU bottom: "a" top: "b" }\n'],
    ['a shape without an input, which is left', 'input_shape { dim: 3 }\n'],
  ])('%s', async (_, text) => {
    const result = await upgraded(text);
    expect(await upgrade(result.text)).toMatchObject({ text: result.text, old: [] });
  });

  test('keep their comments', async () => {
    const { text } = await upgraded(
      '# all\ninput: "a" # pictures\ninput_shape {\n  dim: 1\n  # colours\n  dim: 3 # blue first\n}\n# labels\ninput: "b"\ninput_shape { dim: 1 }\n',
    );
    for (const comment of ['# all', '# pictures', '# colours', '# blue first', '# labels']) expect(text.split(comment)).toHaveLength(2);
  });

  test('are refused without the shapes that they need', async () => {
    for (const text of ['input: "a" input_dim: 1', 'name: "x"\ninput: "a" input: "b" input_shape { dim: 1 }']) {
      expect(await failureOf(upgrade(text))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT' });
    }
  });
});

test('BatchNorm with its statistics as parameters keeps them from learning', async () => {
  const norm = (params: string) => `layer {\n  name: "n"\n  type: "BatchNorm"\n${params}}\n`;
  const three = '  param { lr_mult: 1 }\n  param { }\n  param {\n    decay_mult: 2 # much\n  }\n';
  const { text, old } = await upgraded(norm(three));
  expect(old).toEqual([{ line: 1, layer: 'n', fields: ['param'] }]);
  expect(text).toBe(
    norm(
      '  param { lr_mult: 0 decay_mult: 0 }\n  param { lr_mult: 0 decay_mult: 0 }\n  param {\n    decay_mult: 0 # much\n    lr_mult: 0\n  }\n',
    ),
  );
  expect((await upgraded(text)).old).toEqual([]);
  expect((await upgraded(norm('  param { lr_mult: 1 }\n'))).old).toEqual([]);
});

describe('the oldest layers', () => {
  const V0 = `input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
# gone
layers { layer { name: "conv" type: "conv" num_output: 2 kernelsize: 3 } bottom: "data" top: "conv" }
`;

  test('are printed anew by Caffe, and said to be', async () => {
    const result = await upgrade(parse(V0));
    expect(result).toMatchObject({ from: 'v0', keepsLayout: false, old: [{ line: 3, layer: 'conv', fields: ['layers', 'layer'] }] });
    expect(result.text).toContain('kernel_size: 3');
    expect(result.text).not.toContain('# gone');
  });
});

describe('solvers', () => {
  test('have their type in quotes', async () => {
    for (const [name, number] of Object.entries(enumOf('SolverParameter.SolverType') ?? {})) {
      for (const value of [name, number]) {
        const text = `# mine\nnet: "a" base_lr: 0.1\n  solver_type: ${value} # fast\n`;
        const result = await upgrade(text);
        const theirs = await native.upgradeSolver(text);
        expect(native.messages.fromText('SolverParameter', result.text)).toEqual(native.messages.fromText('SolverParameter', theirs.text));
        expect(result.text).toMatch(/^# mine\nnet: "a" base_lr: 0\.1\n {2}type: "\w+" # fast\n$/);
        expect(result).toMatchObject({ from: 'v1', kind: 'solver', old: [{ line: 3, fields: ['solver_type'] }] });
        expect(await upgrade(result.text)).toEqual({ text: result.text, from: 'v2', kind: 'solver', old: [], keepsLayout: true });
      }
    }
  });

  test.each([
    ['a type that there is not', 'base_lr: 1\nsolver_type: ADAMS', "Did you mean 'ADAM'?"],
    ['both types', 'solver_type: ADAM\ntype: "SGD"', 'Remove one of them.'],
    ['two types', 'solver_type: ADAM\nsolver_type: SGD', undefined],
    ['a type in quotes', 'base_lr: 1\nsolver_type: "ADAM"', undefined],
  ])('are refused for %s', async (_, text, hint) => {
    const error = await failureOf(upgrade(text));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2 });
    expect(error.hint).toEqual(hint);
  });
});

test('a syntax error is refused with its place, nothing is taken as it is, and it works afterwards', async () => {
  expect(await failureOf(upgrade('name: "x"\nlayer {'))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 2 });
  expect(await failureOf(upgrade(5 as unknown as string))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
  expect(await upgrade('')).toEqual({ text: '', from: 'v2', kind: 'net', old: [], keepsLayout: true });
});

const space = fc.constantFrom('\n  ', '\n  ', '\n\n  ', ' ');
const number = fc.constantFrom('1', '0', '.5', '1e-3', '2.');
const field = fc.oneof(
  fc.tuple(fc.constantFrom('blobs_lr', 'weight_decay', 'loss_weight'), number).map(([name, value]) => `${name}: ${value}`),
  fc.tuple(fc.constantFrom('blobs_lr', 'weight_decay'), fc.array(number)).map(([name, values]) => `${name}: [${values.join(', ')}]`),
  fc.constantFrom('param: "w"', "param: 'b'", 'blob_share_mode: STRICT', 'blob_share_mode: 1;'),
  fc.constantFrom('bottom: "a"', 'top: "b"', 'include { phase: TRAIN }'),
);
const transformation = fc.constantFrom('scale: 0.5', 'mean_file: "m"', 'crop_size: 0x10', 'mirror: true');
const dataParam = fc
  .tuple(fc.constantFrom('data_param', 'image_data_param', 'window_data_param'), fc.uniqueArray(transformation), space)
  .map(([name, fields, gap]) => `${name} {${fields.map((one) => `${gap}  ${one}`).join('')} source: "s"${gap}}`);
const KEPT = ['convolution_param {\n    num_output: 2 # outputs\n  }', 'relu_param < negative_slope: .1 >,'];
const unique = fc.constantFrom('name: "n"', ...KEPT, 'transform_param { mirror: false }', 'transform_param {\n    scale: 2\n  }');
const oldLayers = fc
  .record({
    type: fc.constantFrom('CONVOLUTION', 'DATA', 'IMAGE_DATA', 'WINDOW_DATA', '18', 'NONE'),
    fields: fc.array(fc.tuple(space, field)),
    data: fc.option(dataParam),
    one: fc.option(unique),
    end: space,
  })
  .map(({ type, fields, data, one, end }) => {
    const all = [...fields.map((pair) => pair.join('')), data && `\n  ${data}`, one && `\n  ${one}`].filter((text) => text);
    return `layers { type: ${type}${all.join('')}${end.trimEnd() || ' '}}\n`;
  });
const inputs = fc.constantFrom(
  '',
  'input: "a"\ninput_dim: 1\ninput_dim: 2\n\ninput_dim: 3 input_dim: 4\n',
  'input: "a" input_shape {\n  dim: 7\n}\n',
);
const oldNets = fc.tuple(inputs, fc.array(oldLayers, { minLength: 1, maxLength: 3 })).map(([first, layers]) => first + layers.join(''));

test('of any old network, the message is that of Caffe’s own upgrade, and a second time changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(oldNets, async (text) => {
      const result = await upgraded(text);
      expect(await upgrade(result.text)).toMatchObject({ text: result.text, from: 'v2', old: [] });
      // What is not old stands as it stood.
      for (const kept of KEPT) {
        expect(result.text.split(kept)).toHaveLength(text.split(kept).length);
      }
    }),
    { numRuns: 300 },
  );
});

test('comments behind and above old fields are all kept', async () => {
  const commented = fc.array(
    fc.tuple(fc.constantFrom('blobs_lr: 1', 'weight_decay: 2', 'param: "w"', 'top: "t"'), fc.boolean(), fc.boolean()),
    {
      minLength: 1,
    },
  );
  await fc.assert(
    fc.asyncProperty(commented, async (fields) => {
      const lines = fields.map(
        ([one, above, behind], index) => `${above ? `  # above ${index}.\n` : ''}  ${one}${behind ? ` # behind ${index}.` : ''}\n`,
      );
      const text = `layers {\n  type: CONVOLUTION\n${lines.join('')}}\n`;
      const result = await upgraded(text);
      const comments = (whole: string) => [...whole.matchAll(/# (above|behind) \d+\./g)].map(([comment]) => comment).sort();
      expect(comments(result.text)).toEqual(comments(text));
    }),
    { numRuns: 200 },
  );
});
