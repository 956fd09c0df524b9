import fc from 'fast-check';
import { type DocumentEdits, type PrototxtDocument, type PrototxtMessage, parse, parseNet } from '../../lib/prototxt';
import { messageText } from './generate';
import { errorOf } from './shared';

type Change = (edits: DocumentEdits, document: PrototxtDocument) => void;

function edited(text: string, change: Change): string {
  const document = parse(text);
  return document.edit((edits) => change(edits, document)).toString();
}

const setting = (text: string, path: string, value: unknown) => edited(text, (edits) => edits.set(path, value));
const errorIn = (text: string, change: Change) => errorOf(() => edited(text, change));

describe('set', () => {
  test.each<[string, string, unknown, string]>([
    // what is there keeps its place, its comment and its quotes
    ['base_lr: 0.1 # rate\ngamma: 1\n', 'base_lr', 0.001, 'base_lr: 0.001 # rate\ngamma: 1\n'],
    ["net: 'a'\n", 'net', "it's", "net: 'it\\'s'\n"],
    ['layer { phase: TRAIN }', 'layer[0].phase', 'TEST', 'layer { phase: TEST }'],
    ['layer { bottom: "a" bottom: "b" }', 'layer[0].bottom[1]', 'c', 'layer { bottom: "a" bottom: "c" }'],
    [
      'layer { convolution_param { kernel_size: [3, 5] } }',
      'layer[0].convolution_param.kernel_size[0]',
      7,
      'layer { convolution_param { kernel_size: [7, 5] } }',
    ],
    ['force_backward: t', 'force_backward', false, 'force_backward: false'],
    // what is not there is added at the bottom, in the manner of the file
    ['net: "a"', 'base_lr', 1e-5, 'net: "a"\nbase_lr: 0.00001'],
    ['net: "a"\r\n', 'base_lr', 1, 'net: "a"\r\nbase_lr: 1\r\n'],
    ["net: 'a'\n", 'snapshot_prefix', 'b', "net: 'a'\nsnapshot_prefix: 'b'\n"],
    ['', 'base_lr', 1, 'base_lr: 1\n'],
    ['# licence\n', 'base_lr', 1, '# licence\nbase_lr: 1\n'],
    [
      'layer {\n\tname: "a"\n}\n',
      'layer[a].relu_param.negative_slope',
      0.5,
      'layer {\n\tname: "a"\n\trelu_param {\n\t\tnegative_slope: 0.5\n\t}\n}\n',
    ],
    ['layer { name: "a" }', 'layer[a].relu_param.negative_slope', 0.5, 'layer { name: "a" relu_param { negative_slope: 0.5 } }'],
    [
      'layer {\n  name: "a"\n  param: { lr_mult: 1 }\n}',
      'layer[a].relu_param',
      { negative_slope: 0 },
      'layer {\n  name: "a"\n  param: { lr_mult: 1 }\n  relu_param: {\n    negative_slope: 0\n  }\n}',
    ],
    ['layer { name: "a" }', 'layer[a].include', [{}], 'layer { name: "a" include {} }'],
    // messages as objects
    [
      'layer {\n  convolution_param {\n    weight_filler { type: "x" }\n  }\n}',
      'layer[0].convolution_param.weight_filler',
      { type: 'msra', std: 2 },
      'layer {\n  convolution_param {\n    weight_filler { type: "msra" std: 2 }\n  }\n}',
    ],
    [
      'layer {\n  dropout_param {\n    dropout_ratio: 1\n  }\n}',
      'layer[0].dropout_param',
      { dropout_ratio: 0.25 },
      'layer {\n  dropout_param {\n    dropout_ratio: 0.25\n  }\n}',
    ],
    // repeated fields
    [
      'stepvalue: 1 # first\nstepvalue: 2\nbase_lr: 1\n',
      'stepvalue',
      [5, 6, 7],
      'stepvalue: 5 # first\nstepvalue: 6\nstepvalue: 7\nbase_lr: 1\n',
    ],
    ['stepvalue: 1\nstepvalue: 2\nbase_lr: 1\n', 'stepvalue', [5], 'stepvalue: 5\nbase_lr: 1\n'],
    ['stepvalue: 1\nstepvalue: 2\nbase_lr: 1\n', 'stepvalue', [], 'base_lr: 1\n'],
    ['base_lr: 1\n', 'stepvalue', [5, 6], 'base_lr: 1\nstepvalue: 5\nstepvalue: 6\n'],
    ['base_lr: 1\n', 'stepvalue', 5, 'base_lr: 1\nstepvalue: 5\n'],
    ['stepvalue: [1, 2] # both\nstepvalue: 3\n', 'stepvalue', [7, 8, 9], 'stepvalue: [7, 8, 9] # both\n'],
    ['stepvalue: 1\nstepvalue: 2\nbase_lr: 1\n', 'stepvalue[2]', 3, 'stepvalue: 1\nstepvalue: 2\nstepvalue: 3\nbase_lr: 1\n'],
    [
      'layer { name: "a" param { lr_mult: 1 } top: "b" }',
      'layer[a].param[1].lr_mult',
      2,
      'layer { name: "a" param { lr_mult: 1 } param { lr_mult: 2 } top: "b" }',
    ],
    // fields of forks
    ['layer { name: "a" fork_param { size: 1 } }', 'layer[a].fork_param.size', 2, 'layer { name: "a" fork_param { size: 2 } }'],
    [
      'layer { name: "a" fork_param { size: 1 } }',
      'layer[a].fork_param.label',
      'x',
      'layer { name: "a" fork_param { size: 1 label: "x" } }',
    ],
  ])('%j: %s', (text, path, value, result) => {
    expect(setting(text, path, value)).toBe(result);
  });

  test('several values in a message that is not there make one', () => {
    const text = edited('layer {\n  name: "a"\n}\n', (edits, document) => {
      edits.set('layer[a].convolution_param.num_output', 8);
      edits.set(document.layer('a'), 'convolution_param.weight_filler.type', 'xavier');
      edits.set('layer[a].convolution_param.kernel_size', [3]);
      edits.set('layer[a].convolution_param.kernel_size[1]', 5);
      edits.set('layer[a].convolution_param.num_output', 16);
      edits.set('layer[a].param[0].lr_mult', 1);
      edits.set('layer[a].param[1].lr_mult', 2);
    });
    expect(text).toBe(`layer {
  name: "a"
  convolution_param {
    num_output: 16
    weight_filler {
      type: "xavier"
    }
    kernel_size: 3
    kernel_size: 5
  }
  param {
    lr_mult: 1
  }
  param {
    lr_mult: 2
  }
}
`);
  });

  test('a message that was set is set further', () => {
    const text = edited('layer { name: "a" dropout_param { dropout_ratio: 1 } }', (edits) => {
      edits.set('layer[a].dropout_param', {});
      edits.set('layer[a].dropout_param.dropout_ratio', 0.5);
      edits.set('layer[a].input_param', { shape: [{ dim: [1, 3] }] });
      edits.set('layer[a].input_param.shape[0].dim[2]', 7);
    });
    expect(parseNet(text).layer?.[0]).toEqual({
      name: 'a',
      dropout_param: { dropout_ratio: 0.5 },
      input_param: { shape: [{ dim: [1, 3, 7] }] },
    });
  });

  test('the last value counts', () => {
    const text = edited('base_lr: 1', (edits) => {
      edits.set('base_lr', 2);
      edits.set('base_lr', 3);
    });
    expect(text).toBe('base_lr: 3');
  });

  test.each<[string, string, unknown, string]>([
    ['name: "a"', 'nmae', 'x', "NetParameter has no field 'nmae'."],
    ['name: "a"', 'base_lr', 1, "NetParameter has no field 'base_lr'."],
    ['base_lr: 1', 'base_lr', '1', "'base_lr' takes a number"],
    ['base_lr: 1', 'base_lr', undefined, "'base_lr' takes a number"],
    ['base_lr: 1', 'base_lr', [1], "'base_lr' takes a number"],
    ['base_lr: 1', 'max_iter', 1.5, "'max_iter' takes a whole number"],
    ['base_lr: 1', 'stepvalue', [1, 'x'], "'stepvalue[1]' takes a whole number"],
    ['base_lr: 1', 'stepvalue[1]', 1, "'stepvalue[1]' cannot be set: there are 0 of 'stepvalue'."],
    ['base_lr: 1', 'base_lr[1]', 1, "'base_lr[1]' cannot be set: there are 1 of 'base_lr'."],
    ['base_lr: 1', 'base_lr.x', 1, "'base_lr' holds no fields"],
    ['layer { name: "a" }', 'layer[b].type', 'x', "There is no 'layer' named 'b'."],
    ['layer { name: "a" }', 'layer[a].phase', 'TRIAN', 'takes one of TRAIN, TEST'],
    ['layer { name: "a" }', 'layer[a].dropout_param', 0.5, "'layer[0].dropout_param' takes an object"],
    ['layer { name: "a" }', 'layer[a].dropout_param', { ratio: 0.5 }, "DropoutParameter has no field 'ratio'."],
    ['layer { name: "a" }', 'layer[-2].name', 'x', 'cannot be set'],
    ['layer { } layer { }', 'layer.name', 'x', "There are 2 of 'layer'."],
    ['layer: 5', 'layer[0].name', 'x', "'layer' takes a message"],
    ['layer { x_param { a: 1 } }', 'layer[0].x_param.a', {}, 'caffe.proto does not know'],
  ])('refuses %j: %s', (text, path, value, message) => {
    const error = errorIn(text, (edits) => edits.set(path, value));
    expect(error.code).toMatch(/ERR_CAFFE_(INPUT|PROTOTXT)/);
    expect(error.message).toContain(message);
  });

  test('what is set is read back, whatever the file', () => {
    const values = fc.constantFrom<[string, unknown]>(
      ['name', 'new "name"\n'], ['force_backward', true], ['state.level', 3], ['input', ['x', 'y']], ['input_dim', [1, 2, 3]],
      ['layer[0].name', 'first'], ['layer[0].bottom', ['p', 'q', 'r']], ['layer[0].convolution_param.num_output', 5], ['state.stage', []],
      ['layer[0].loss_weight', [0.5]], ['layer[0].pooling_param.pool', 'AVE'],
    ); // biome-ignore format: a table
    fc.assert(
      fc.property(fc.gen(), values, (draw, [path, value]) => {
        const text = messageText(draw, 'NetParameter');
        let document: PrototxtDocument;
        try {
          parseNet(text);
          document = parse(text);
        } catch {
          return;
        }
        const after = document.edit((edits) => edits.set(path, value));
        expect(after.get(path)).toEqual(value);
        const others = (all: object) => ({ ...all, name: 0, force_backward: 0, state: 0, input: 0, input_dim: 0, layer: 0 });
        expect(others(parseNet(after))).toEqual(others(parseNet(document)));
        expect(document.toString()).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

describe('remove', () => {
  test.each([
    ['a: 1\n# of b\nbase_lr: 2 # two\nc: 3\n', 'base_lr', 'a: 1\nc: 3\n'],
    ['stepvalue: 1\nstepvalue: 2\nc: 3\n', 'stepvalue', 'c: 3\n'],
    ['stepvalue: 1\nstepvalue: 2\nbase_lr: 3\n', 'stepvalue[0]', 'stepvalue: 2\nbase_lr: 3\n'],
    ['stepvalue: [1, 2, 3]\nbase_lr: 3\n', 'stepvalue[0]', 'stepvalue: [2, 3]\nbase_lr: 3\n'],
    ['stepvalue: [1, 2, 3]\nbase_lr: 3\n', 'stepvalue[-1]', 'stepvalue: [1, 2]\nbase_lr: 3\n'],
    ['stepvalue: [1]\nbase_lr: 3\n', 'stepvalue[0]', 'base_lr: 3\n'],
    ['layer { name: "a" } layer { name: "b" }', 'layer[a]', 'layer { name: "b" }'],
    ['layer { name: "a" param { lr_mult: 1 decay_mult: 0 } }', 'layer[a].param[0].lr_mult', 'layer { name: "a" param { decay_mult: 0 } }'],
  ])('%j: %s', (text, path, result) => {
    expect(edited(text, (edits) => edits.remove(path))).toBe(result);
  });

  test('takes a message, too', () => {
    const text = 'layer { name: "a" }\n\n# of b\nlayer {\n  name: "b"\n} # end\n\nlayer { name: "c" }\n';
    expect(edited(text, (edits, document) => edits.remove(document.layer('b')))).toBe('layer { name: "a" }\n\nlayer { name: "c" }\n');
  });

  test('shows in dangling who still reads what is gone', () => {
    const layer = (name: string, bottom: string, top = name) => `layer { name: "${name}" bottom: "${bottom}" top: "${top}" }\n`;
    const document = parse(
      `input: "data"\n${layer('conv', 'data')}${layer('relu', 'conv', 'conv')}${layer('pool', 'conv')}${layer('fc', 'pool')}`,
    );
    expect(document.edit((edits) => edits.remove('layer[relu]')).dangling).toEqual([]);
    expect(document.edit((edits) => edits.remove('layer[pool]')).dangling).toEqual([{ layer: 'fc', blob: 'pool', line: 4, column: 28 }]);
    expect(document.edit((edits) => edits.remove('layer[conv]')).dangling.map(({ layer }) => layer)).toEqual(['relu']);
  });

  test('refuses what is not there', () => {
    expect(errorIn('base_lr: 1', (edits) => edits.remove('gamma')).message).toBe("There is no 'gamma' to remove.");
    expect(errorIn('base_lr: 1', (edits) => edits.remove('base_lrr')).hint).toBe("Did you mean 'base_lr'?");
    expect(errorIn('base_lr: 1', (edits) => edits.remove('stepvalue[0]')).code).toBe('ERR_CAFFE_INPUT');
    for (const what of [undefined, null, 5, {}, []])
      expect(errorIn('', (edits) => edits.remove(what as unknown as string)).code).toBe('ERR_CAFFE_INPUT');
  });
});

const THREE = `# of the file

# of a
layer {
  name: "a"
} # behind a

layer { name: "b" }

# of c
layer {
  name: "c"
}
`;

describe('insert', () => {
  const relu = { name: 'r', type: 'ReLU', bottom: ['a'], top: ['a'] };
  const lines = 'layer {\n  name: "r"\n  type: "ReLU"\n  bottom: "a"\n  top: "a"\n}\n';

  test('before and after another layer, with the space between layers that the file has', () => {
    expect(edited(THREE, (edits) => edits.insert(relu, { after: 'a' }))).toBe(
      THREE.replace('layer { name: "b" }', `${lines}\nlayer { name: "b" }`),
    );
    expect(edited(THREE, (edits) => edits.insert(relu, { before: 'c' }))).toBe(THREE.replace('# of c', `${lines}\n# of c`));
    expect(edited(THREE, (edits, document) => edits.insert(relu, { before: document.layer('c') }))).toContain(`${lines}\n# of c`);
    expect(edited(THREE, (edits) => edits.insert(relu))).toBe(`${THREE}\n${lines}`);
    expect(edited('layer {\n  name: "a"\n}\nlayer {\n  name: "b"\n}', (edits) => edits.insert(relu, { after: 'a' }))).toBe(
      `layer {\n  name: "a"\n}\n${lines}layer {\n  name: "b"\n}`,
    );
  });

  test('as text, in the manner of the file', () => {
    const text = "layer {\n\tname: 'a'\n\tinclude: { phase: TEST }\n}\n";
    expect(edited(text, (edits) => edits.insert('# new\nlayer{name:"x" param{lr_mult:1}} layer { name: "y" } # last'))).toBe(
      `${text}# new\nlayer: {\n\tname: 'x'\n\tparam: {\n\t\tlr_mult: 1\n\t}\n}\nlayer: {\n\tname: 'y'\n} # last\n`,
    );
  });

  test('into a file without layers, and one in a single line', () => {
    expect(edited('# c', (edits) => edits.insert(relu))).toBe(`# c\n${lines}`);
    expect(edited('name: "n"\n', (edits) => edits.insert(relu))).toBe(`name: "n"\n${lines}`);
    expect(edited('layer { name: "a" } layer { name: "b" }', (edits) => edits.insert({ name: 'x' }, { after: 'a' }))).toBe(
      'layer { name: "a" } layer { name: "x" } layer { name: "b" }',
    );
  });

  test('in the place of one that is removed', () => {
    const replaced = edited(THREE, (edits) => {
      edits.insert({ name: 'x' }, { after: 'b' });
      edits.remove('layer[b]');
    });
    expect(replaced).toBe(THREE.replace('"b"', '"x"'));
  });

  test.each<[unknown, unknown]>([
    ['layer {', undefined],
    ['name: "x"', undefined],
    ['', undefined],
    [{ nmae: 'x' }, undefined],
    [5, undefined],
    [null, undefined],
    [relu, { after: 'z' }],
    [relu, { after: 'a', before: 'b' }],
    [relu, { after: 5 }],
    [relu, 'a'],
  ])('refuses %p at %p', (layer, place) => {
    expect(errorIn(THREE, (edits) => edits.insert(layer as string, place as object)).code).toMatch(/ERR_CAFFE_(INPUT|PROTOTXT)/);
  });
});

describe('move', () => {
  test('takes a layer with its comments', () => {
    const [head, a, b, c] = [
      '# of the file\n\n',
      '# of a\nlayer {\n  name: "a"\n} # behind a\n',
      'layer { name: "b" }\n',
      '# of c\nlayer {\n  name: "c"\n}\n',
    ];
    expect(edited(THREE, (edits) => edits.move('c', { before: 'b' }))).toBe(`${head}${a}\n${c}\n${b}`);
    expect(edited(THREE, (edits) => edits.move('a', { after: 'b' }))).toBe(`${head}${b}\n${a}\n${c}`);
    expect(edited(THREE, (edits) => edits.move('a'))).toBe(`${head}${b}\n${c}\n${a}`);
    expect(edited(THREE, (edits) => edits.move('b', { after: 'a' }))).toBe(THREE);
    expect(edited(THREE, (edits) => edits.move('b', { after: 'b' }))).toBe(THREE);
  });

  test('any layer anywhere: the layers are the same, in another order', () => {
    const names = ['p', 'q', 'r', 's'];
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(3),
        fc.boolean(),
        fc.constantFrom('\n', '\n\n', ' '),
        fc.constantFrom('', '\n'),
        (from, to, before, gap, end) => {
          const text = names.map((name) => `layer { name: "${name}" }`).join(gap) + end;
          const [moved, anchor] = [names[from] as string, names[to] as string];
          const after = edited(text, (edits) => edits.move(moved, before ? { before: anchor } : { after: anchor }));
          const rest = names.filter((name) => name !== moved);
          const expected = from === to ? names : rest.toSpliced(rest.indexOf(anchor) + (before ? 0 : 1), 0, moved);
          expect(
            parse(after)
              .layers()
              .map((layer) => layer.get('name')),
          ).toEqual(expected);
          if (end !== '') expect(after).toBe(expected.map((name) => `layer { name: "${name}" }`).join(gap) + end);
        },
      ),
    );
  });

  test('refuses what is no layer, and a message of another document', () => {
    expect(errorIn(THREE, (edits) => edits.move('d', { after: 'a' })).code).toBe('ERR_CAFFE_INPUT');
    expect(errorIn(THREE, (edits) => edits.move(parse(THREE).layer('a'))).message).toContain('of another document');
    expect(
      errorIn('layer { name: "a" param { } }', (edits, document) => edits.move(document.get('layer[0].param[0]') as PrototxtMessage))
        .message,
    ).toBe("'layer[0].param[0]' is no layer.");
    expect(errorIn(THREE, (edits) => edits.set({} as PrototxtMessage, 'name', 'x')).code).toBe('ERR_CAFFE_INPUT');
  });
});

test('a message of the document before an edit is none of the document after it', () => {
  const document = parse('layer { name: "a" }');
  const layer = document.layer('a');
  const after = document.edit((edits) => edits.set(layer, 'name', 'b'));
  expect(after.get('layer[0].name')).toBe('b');
  expect(errorOf(() => after.edit((edits) => edits.set(layer, 'name', 'c'))).hint).toBe('Look it up in the document that is edited.');
});
