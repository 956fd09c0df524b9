/** Texts at the borders of the text format, each of which protobuf reads or refuses for a reason of its own. */

const fields = (name: string, values: string) => values.split(' ').map((value) => `${name}: ${value}`);
const inLayer = (texts: readonly string[]) => texts.map((text) => `layer { ${text} }`);

export const STRINGS = [
  ...fields(
    'name',
    `"\\a\\b\\f\\n\\r\\t\\v\\\\\\'\\"\\?" "\\1\\12\\123\\1234\\400\\777" "\\x4\\x41\\x411" "\\X41" "\\x" "\\8" "\\0" "" 'a"b' a 5`,
  ),
  ...fields(
    'name',
    '"\\u00e4\\U0001F600" "\\ud83d\\ude00" "\\ud800" "\\ud800\\u0041" "\\udc00\\ud800" "\\U00110000" "\\U001fffff" "\\U00200000"',
  ),
  ...fields('name', '"\\u12" "\\303\\244" "\\377\\303" "a\0b" "a\tb\x01c" "a\nb" "a\\\nb" "a\rb" "海豚🐬" "a \'a" "a\\" "a\\'),
  ...['"\\303" \'\\244\'', '"" ""', '- "a"', '"a" \'b\'\n# between\n"c"', '"a" 5'].map((value) => `name: ${value}`),
];

export const INTEGERS = [
  ...fields('input_dim', '017 0x1F 0X1f 00 -0 -01 08 0x 0xg 1.0 5f 2147483647 -2147483648 2147483648 -2147483649 0xffffffff'),
  ...fields('input_dim', '1_000 +5 --5 1e3 020000000000 "1" true -\n5'),
  ...fields('layer { inner_product_param { num_output', '-0 4294967295 4294967296 -1 0xFFFFFFFF').map((text) => `${text} } }`),
  ...fields('input_shape { dim', '9007199254740991 -9007199254740991 9223372036854775808 99999999999999999999999').map(
    (text) => `${text} }`,
  ),
];

export const FLOATS = [
  ...fields('loss_weight', '0 -0 1. .5 -.5 1.f 5F 1e3 1.e3 1E+3 1e-3f inf -inf INF Infinity -infinity nan -nan NaN inff x -x true "1"'),
  ...fields('loss_weight', '1e 1e+ 1.2.3 1..2 . ..5 1.5x 1ee3 0x1 01 00 -01 0.5 00.5 0f 00f 1e99 -1e99 1e-99 1e-40 1e400'),
  ...fields(
    'loss_weight',
    '123456789 0.123456789 3.4028235e38 340282356779733661637539395458142568447 340282356779733661637539395458142568448',
  ),
  ...fields('loss_weight', '-340282356779733661637539395458142568448 18446744073709551616 16777217'),
  'loss_weight: - # c\n3',
  'loss_weight: 5 5',
];

export const BOOLEANS_AND_ENUMS = [
  ...fields('force_backward', 'true True t false False f 0 1 00 01 0x1 -0 2 1.0 TRUE T yes "true" -1 -t'),
  ...inLayer(fields('phase', 'TRAIN TEST 0 1 -0 0x1 01 2 -1 1.0 train "TRAIN" MAX toString -TRAIN')),
];

export const MESSAGES_AND_LISTS = [
  ...['{}', ': {}', '<>', ': < name: "a" >', '{ name: "a" >', '< name: "a" }', '{', '}', '', ':', ': 5', '"a"'].map(
    (rest) => `layer ${rest}`,
  ),
  ...['[{}, <>]', ': [{ name: "a" }, { name: "b" }]', '[]', ': []', '[{},]', '[{} {}]', '[5]', '[[]]', ': [{}', '["a"]'].map(
    (rest) => `layer ${rest}`,
  ),
  ...['["a"]', '[]', ': []', ': ["a", "b" "c"]', ': ["a",]', ': [,]', ': ["a"] input: "b" input: [\'c\']', ': [["a"]]'].map(
    (rest) => `input ${rest}`,
  ),
  ...['input_dim: [1, - 2, 0x3]', 'name: ["a"]', 'name: []', 'state [{}]', 'state { phase: TEST } state { }', 'name: "a" name: "a"'],
  ...inLayer(['phase: TRAIN phase: TRAIN', 'clip_param { }', 'clip_param { min: 1 }', 'clip_param { min: 1 max: 2 }', 'name: "a" }']),
];

export const SEPARATORS_AND_SPACE = [
  ...[
    'name: "a"; input: "b", input: "c";',
    'name: "a";;',
    'name: "a",;',
    ';',
    ',',
    'layer {;}',
    'layer {} ; layer {} ,',
    'layer { name: "a"; }',
  ],
  ...[
    'name; "a"',
    'name:: "a"',
    'name "a"',
    'name:"a"input:"b"',
    'input_dim:1input_dim:2',
    'input_dim:1;input_dim:2',
    'layer{phase:TRAIN}',
  ],
  ...[
    'name\n:\n"a"',
    'name: # c { "\n"a" # d',
    '# only a comment',
    '# \0',
    '# \x01\x7f\nname: "a"',
    '',
    '  \n\t\v\f\r\n',
    'name: "a"\r\ninput: "b"\r',
  ],
  ...[
    'name: "a"\x01',
    'name: "a"\x7f',
    'name:\u00a0"a"',
    'name: "a" €',
    '\uFEFFname: "a"',
    ' \uFEFFname: "a"',
    '\uFEFF\uFEFFname: "a"',
    'name: "a" \uFEFF',
  ],
  ...['// c\nname: "a"', '/* c */ name: "a"'],
];

export const NAMES = [
  ...[
    'nmae: "a"',
    'Name: "a"',
    'näme: "a"',
    '1: "a"',
    '_x: 1',
    'constructor: 1',
    '__proto__ { }',
    '-name: 1',
    'layer.name: "a"',
    'name.x: 1',
  ],
  ...['[a.b]: 1', '[a.b] { }', '[type.googleapis.com/caffe.NetParameter] { name: "a" }', 'a.b: 1'],
];

export const OLD_NOTATIONS = [
  ...['layer { name: "a" type: "conv" num_output: 3 } bottom: "b"', 'type: CONVOLUTION blobs_lr: 1 weight_decay: 0', 'type: 4'].map(
    (text) => `layers { ${text} }`,
  ),
  'layers { blobs { data: [1, 2.5] double_data: 1e300 } }',
];

export const DEPTHS = [
  'layer { '.repeat(200),
  `${'layer { '.repeat(101)}${'}'.repeat(101)}`,
  'layer < '.repeat(100_000),
  '{'.repeat(100_000),
  `input: ${'['.repeat(100_000)}`,
];
