import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type CaffeErrorCode, messageOf } from '../lib/errors';
import { native } from '../lib/native';
import { shared, sharedIsPresent } from './support/shared';

const { messages } = native;
const withShared = sharedIsPresent ? test : test.skip;

const read = (file: string) => readFileSync(path.join(shared, file));

/** What a call throws; addon errors come from another realm in Jest, so no `instanceof`. */
function failureOf(call: () => unknown): { code: CaffeErrorCode; message: string; line?: number; column?: number; hint?: string } {
  try {
    call();
  } catch (error) {
    return Object.assign({ message: messageOf(error) }, error as { code: CaffeErrorCode });
  }
  throw new Error('nothing was thrown');
}

/** The addon serves the next caller whatever the last one did. */
afterEach(() => expect(messages.fromText('NetParameter', 'name: "fine"')).toEqual({ name: 'fine' }));

describe('text', () => {
  const files = [
    'models/bvlc_alexnet/train_val.prototxt',
    'models/bvlc_googlenet/train_val.prototxt',
    'models/bvlc_reference_caffenet/deploy.prototxt',
    'models/digits/googlenet.prototxt',
    'models/digits/lenet.prototxt',
    'models/seed/alexnet-original.prototxt',
    'models/squeezenet/SqueezeNet_trainval.prototxt',
    'goldens/pycaffe/tiny_train.prototxt',
  ];
  withShared.each(files)('%s survives the way to an object and back', (file) => {
    const object = messages.fromText('NetParameter', read(file).toString());
    const text = messages.toText('NetParameter', object);
    expect(messages.fromText('NetParameter', text)).toEqual(object);
    expect(messages.toText('NetParameter', messages.fromText('NetParameter', text))).toBe(text);
    expect(Object.keys(object)).toContain('name');
  });

  withShared('a solver reads as people wrote it', () => {
    const solver = messages.fromText('SolverParameter', read('models/bvlc_alexnet/solver.prototxt').toString());
    expect(solver).toMatchObject({ base_lr: 0.01, lr_policy: 'step', momentum: 0.9, weight_decay: 0.0005, solver_mode: 'GPU' });
  });

  test('only what is set appears, under the names of caffe.proto', () => {
    const net = messages.fromText(
      'NetParameter',
      'layer { name: "p" type: "Pooling" pooling_param { pool: AVE kernel_size: 3 } loss_weight: 0.1 }',
    );
    expect(net).toEqual({ layer: [{ name: 'p', type: 'Pooling', pooling_param: { pool: 'AVE', kernel_size: 3 }, loss_weight: [0.1] }] });
    expect(Object.getPrototypeOf(net)).toBeNull();
  });

  test('a syntax error names line and column', () => {
    expect(failureOf(() => messages.fromText('NetParameter', 'name: "x"\n  layer { nmae: "conv" }'))).toMatchObject({
      code: 'ERR_CAFFE_PROTOTXT',
      line: 2,
      column: 15,
      message: 'Line 2, column 15: Message type "caffe.LayerParameter" has no field named "nmae".',
    });
    for (const text of [
      'layer {',
      'name: 3',
      'layer { loss_weight: "x" }',
      'name: "unclosed',
      '}',
      '\u0000',
      'layer { pooling_param { pool: MIN } }',
    ]) {
      expect(failureOf(() => messages.fromText('NetParameter', text))).toMatchObject({ code: 'ERR_CAFFE_PROTOTXT', line: 1 });
    }
  });

  test('a byte order mark is no part of the text', () => {
    expect(messages.fromText('NetParameter', '\uFEFFname: "a"')).toEqual({ name: 'a' });
    expect(failureOf(() => messages.fromText('NetParameter', '\uFEFF\uFEFFname: "a"'))).toMatchObject({ line: 1, column: 1 });
  });

  test('endless nesting and objects that contain themselves are refused', () => {
    expect(failureOf(() => messages.fromText('NetParameter', 'layer { '.repeat(200_000))).code).toBe('ERR_CAFFE_PROTOTXT');
    const net: { layer: unknown[] } = { layer: [] };
    net.layer.push(net);
    expect(failureOf(() => messages.toText('NetParameter', net)).message).toContain("NetParameter.layer[0] has no field 'layer'");
  });

  test('a required field that is missing is named', () => {
    expect(failureOf(() => messages.fromText('ClipParameter', 'min: 1'))).toMatchObject({
      code: 'ERR_CAFFE_PROTOTXT',
      message: 'Message missing required fields: max.',
    });
  });

  test('names in other scripts and bytes that are no UTF-8 pass', () => {
    const text = messages.toText('NetParameter', { name: 'Tümmler 海豚 🐬' });
    expect(messages.fromText('NetParameter', text)).toEqual({ name: 'Tümmler 海豚 🐬' });
    expect(messages.fromText('NetParameter', 'name: "\\377\\376"')).toEqual({ name: '\ufffd\ufffd' });
    expect(messages.toText('NetParameter', { name: 'lone \ud800 half' })).toContain('lone');
  });
});

describe('binary', () => {
  withShared('weights come as Float32Arrays, and go back byte for byte', () => {
    const bytes = read('goldens/pycaffe/tiny_init.caffemodel');
    const net = messages.fromBinary('NetParameter', bytes) as {
      layer: { name: string; blobs?: { shape: { dim: number[] }; data: Float32Array }[] }[];
    };
    const blobs = net.layer.flatMap((layer) => layer.blobs ?? []);
    expect(blobs.length).toBeGreaterThan(0);
    for (const { shape, data } of blobs) {
      expect(Object.prototype.toString.call(data)).toBe('[object Float32Array]');
      expect(data).toHaveLength(shape.dim.reduce((a, b) => a * b, 1));
    }
    const again = messages.toBinary('NetParameter', net);
    expect(messages.fromBinary('NetParameter', again)).toEqual(net);
    expect(Buffer.compare(again, bytes)).toBe(0);
  });

  withShared('a text net survives the way through binary', () => {
    const net = messages.fromText('NetParameter', read('models/digits/googlenet.prototxt').toString());
    expect(messages.fromBinary('NetParameter', messages.toBinary('NetParameter', net))).toEqual(net);
  });

  test('a mean image, floats untouched', () => {
    const data = Float32Array.from({ length: 27 }, (_, i) => Math.fround(Math.sin(i) * 123.456));
    const bytes = messages.toBinary('BlobProto', { num: 1, channels: 3, height: 3, width: 3, data });
    const blob = messages.fromBinary('BlobProto', bytes);
    expect(blob).toMatchObject({ num: 1, channels: 3, height: 3, width: 3 });
    expect([...(blob.data as Float32Array)]).toEqual([...data]);
  });

  test('plain and typed arrays of numbers are accepted', () => {
    const values = [0.5, -1, 3];
    expect(messages.toText('NetParameter', { input_dim: Int32Array.of(1, 3) })).toBe('input_dim: 1\ninput_dim: 3\n');
    for (const data of [values, Float32Array.from(values), Float64Array.from(values)]) {
      const blob = messages.fromBinary('BlobProto', messages.toBinary('BlobProto', { data, double_data: data }));
      expect([...(blob.data as Float32Array)]).toEqual(values);
      expect([...(blob.double_data as Float64Array)]).toEqual(values);
    }
  });

  test('bytes are copies', () => {
    const data = Uint8Array.of(0, 255, 7);
    const bytes = messages.toBinary('Datum', { data, label: 3 });
    const datum = messages.fromBinary('Datum', bytes);
    bytes.fill(0);
    expect(datum.label).toBe(3);
    expect([...(datum.data as Uint8Array)]).toEqual([0, 255, 7]);
  });

  test('more than 64 MB', () => {
    const data = new Float32Array(20_000_000).fill(1.5);
    const blob = messages.fromBinary('BlobProto', messages.toBinary('BlobProto', { data }));
    expect((blob.data as Float32Array).length).toBe(data.length);
    expect((blob.data as Float32Array).at(-1)).toBe(1.5);
  });

  test('truncated or foreign bytes are refused', () => {
    const bytes = messages.toBinary('NetParameter', { name: 'net', layer: [{ name: 'conv' }] });
    for (const cut of [1, 3, bytes.length - 1]) {
      expect(failureOf(() => messages.fromBinary('NetParameter', bytes.subarray(0, cut)))).toMatchObject({
        code: 'ERR_CAFFE_INPUT',
        message: `${cut} bytes are not a NetParameter.`,
        hint: 'The data is cut short, or it is something else.',
      });
    }
    expect(failureOf(() => messages.fromBinary('NetParameter', Buffer.from('<html>'))).code).toBe('ERR_CAFFE_INPUT');
    expect(messages.fromBinary('NetParameter', new Uint8Array(0))).toEqual({});
  });

  test('random bytes are read or refused, never worse', () => {
    let state = 1;
    const random = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    for (let i = 0; i < 3000; i++) {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => Math.floor(random() * 256));
      try {
        messages.toBinary('NetParameter', messages.fromBinary('NetParameter', bytes));
      } catch (error) {
        expect(['ERR_CAFFE_INPUT', 'ERR_CAFFE_PROTOTXT']).toContain((error as { code: string }).code);
      }
    }
  });
});

describe('objects', () => {
  const reasons: [string, object, string, string?][] = [
    ['an unknown field', { layer: [{}, { nmae: 'x' }] }, "NetParameter.layer[1] has no field 'nmae'", "Did you mean 'name'?"],
    ['a number for a string', { name: 3 }, 'NetParameter.name must be a string.'],
    ['null', { name: null }, 'NetParameter.name must be a string.'],
    ['one for many', { layer: {} }, 'NetParameter.layer must be an array'],
    ['a string for an object', { layer: ['conv'] }, 'NetParameter.layer[0] must be an object.'],
    ['an array for an object', { layer: [[]] }, 'NetParameter.layer[0] must be an object.'],
    ['a hole in an array', { input: [undefined] }, 'NetParameter.input[0] must be a string.'],
    ['a fraction', { input_dim: [1.5] }, 'NetParameter.input_dim[0] must be an integer from -2147483648 to 2147483647.'],
    ['2^31', { input_dim: [2 ** 31] }, 'must be an integer from -2147483648 to 2147483647.'],
    ['a negative size', { layer: [{ convolution_param: { num_output: -1 } }] }, 'must be an integer from 0 to 4294967295.'],
    [
      '2^53',
      { input_shape: [{ dim: [2 ** 53] }] },
      'NetParameter.input_shape[0].dim[0] must be an integer from -9007199254740991 to 9007199254740991.',
    ],
    ['a float too large', { layer: [{ loss_weight: [1e300] }] }, 'NetParameter.layer[0].loss_weight[0] is too large for a float.'],
    [
      'an unknown enum name',
      { layer: [{ pooling_param: { pool: 'MIN' } }] },
      "pool must not be 'MIN'.",
      "Its values are: 'MAX', 'AVE', 'STOCHASTIC'.",
    ],
    ['1 for true', { force_backward: 1 }, 'NetParameter.force_backward must be true or false.'],
    ['big integers', { layer: [{ blobs: [{ data: BigInt64Array.of(1n) }] }] }, 'NetParameter.layer[0].blobs[0].data[0] must be a number.'],
    [
      'a typed array for one number',
      { layer: [{ blobs: [{ num: Int32Array.of(1) }] }] },
      'NetParameter.layer[0].blobs[0].num must be a number.',
    ],
    [
      'too large a double',
      { layer: [{ blobs: [{ data: Float64Array.of(1, 1e300) }] }] },
      'NetParameter.layer[0].blobs[0].data[1] is too large for a float.',
    ],
  ];
  test.each(reasons.map(([name, ...rest]) => ({ name, rest })))('$name', ({ rest: [value, message, hint] }) => {
    const failure = failureOf(() => messages.toText('NetParameter', value));
    expect(failure.code).toBe('ERR_CAFFE_PROTOTXT');
    expect(failure.message).toContain(message);
    if (hint) expect(failure.hint).toBe(hint);
  });

  test('undefined counts as absent', () => {
    expect(messages.toText('NetParameter', { name: undefined, force_backward: true })).toBe('force_backward: true\n');
  });

  test('NaN and infinity are floats', () => {
    const text = messages.toText('NetParameter', { layer: [{ loss_weight: [Number.NaN, Number.NEGATIVE_INFINITY] }] });
    expect(messages.fromText('NetParameter', text)).toEqual({ layer: [{ loss_weight: [Number.NaN, Number.NEGATIVE_INFINITY] }] });
  });

  test('inherited properties are no fields', () => {
    expect(messages.toText('NetParameter', Object.create({ name: 'inherited' }))).toBe('');
  });

  test('a required field that is missing is named', () => {
    const clip = { layer: [{ clip_param: { max: 6 } }] };
    expect(failureOf(() => messages.toText('NetParameter', clip)).message).toBe('NetParameter lacks layer[0].clip_param.min.');
    const bytes = Uint8Array.of(0x0d, 0, 0, 128, 63);
    expect(failureOf(() => messages.fromBinary('ClipParameter', bytes)).message).toBe('The ClipParameter lacks max.');
  });

  test('what a getter throws arrives', () => {
    const reason = new Error('mine');
    const value = {
      get name(): string {
        throw reason;
      },
    };
    let caught: unknown;
    try {
      messages.toText('NetParameter', value);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'ERR_CAFFE_INPUT', cause: reason });
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw reason;
        },
      },
    );
    expect(failureOf(() => messages.toText('NetParameter', proxy)).message).toContain('mine');
  });

  test('an unknown type, and what is no type', () => {
    expect(failureOf(() => messages.fromText('Net', ''))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      message: "caffe.proto has no message type 'Net'.",
    });
    expect(failureOf(() => messages.fromText(undefined as unknown as string, '')).code).toBe('ERR_CAFFE_INPUT');
    expect(failureOf(() => messages.fromText('NetParameter', 7 as unknown as string)).code).toBe('ERR_CAFFE_INPUT');
    expect(failureOf(() => messages.fromBinary('NetParameter', 'x' as unknown as Uint8Array)).code).toBe('ERR_CAFFE_INPUT');
    expect(failureOf(() => messages.toText('NetParameter', 'x' as unknown as object)).code).toBe('ERR_CAFFE_INPUT');
  });

  test('types are listed', () => {
    expect(messages.types()).toEqual(expect.arrayContaining(['NetParameter', 'SolverParameter', 'BlobProto', 'Datum', 'LayerParameter']));
  });
});
