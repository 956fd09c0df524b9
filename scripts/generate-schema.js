// Writes lib/prototxt/schema/schema.ts (what the code looks up) and lib/prototxt/schema/caffe-proto.ts (the types users see) from the linked Caffe: its
// descriptors say what there is, the comments of its caffe.proto what it means. Run it in a checkout that is built.
//
//   node scripts/generate-schema.js [path/to/caffe.proto]
//
// Without a path the comments come from the sources that set-up has downloaded.

const { execFileSync } = require('node:child_process');
const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { native } = require('../dist/native');
const { readComments } = require('./schema/comments');
const { readSchema } = require('./schema/descriptors');
const { writeTypes } = require('./schema/types');

/** What users write; the messages they reach follow. */
const ROOTS = ['NetParameter', 'SolverParameter'];
const ROOT = path.resolve(__dirname, '..');
const HEADER = '// Generated from the linked Caffe by scripts/generate-schema.js; not to be edited.\n\n';

main(process.argv[2]);

function main(protoPath) {
  const schema = readSchema(native.messages.descriptor(), native.layerTypes(), ROOTS);
  writeSource('schema.ts', tables(schema));
  writeSource('caffe-proto.ts', writeTypes(schema, readComments(protoPath)));
}

/** The tables that are looked up when the library runs. */
function tables({ messages, enums, layers }) {
  const perField = (value) =>
    Object.fromEntries(messages.map(({ name, fields }) => [name, Object.fromEntries(fields.map((field) => [field.name, value(field)]))]));
  const defaults = perField((field) =>
    field.default === Object.keys(enums[field.type] ?? {})[0] ? undefined : field.default || undefined,
  );
  const isUsed = ([, fields]) => Object.values(fields).some((value) => value !== undefined);
  const table = (comment, name, value) => `/** ${comment} */\nexport const ${name} = ${JSON.stringify(value)} as const;\n`;
  const required = messages.map(({ name, fields }) => [name, fields.filter((field) => field.required).map((field) => field.name)]);
  return [
    table('The enums of caffe.proto: the number of each name.', 'ENUMS', enums),
    table(
      'The messages of caffe.proto: the type of each field; `[]` marks a repeated one.',
      'MESSAGES',
      perField(({ type, repeated }) => (repeated ? `${type}[]` : type)),
    ),
    table(
      'What caffe.proto declares a field to be when nothing is given, where that is not 0, false, empty or the first name of an enum.',
      'DEFAULTS',
      Object.fromEntries(Object.entries(defaults).filter(isUsed)),
    ),
    table('The fields that must be given.', 'REQUIRED', Object.fromEntries(required.filter(([, fields]) => fields.length > 0))),
    table('The types of layers, with the field of LayerParameter that holds their settings.', 'LAYERS', layers),
  ].join('\n');
}

function writeSource(name, text) {
  const file = path.join(ROOT, 'lib', 'prototxt', 'schema', name);
  writeFileSync(file, HEADER + text);
  execFileSync(path.join(ROOT, 'node_modules', '.bin', 'biome'), ['check', '--write', file], { stdio: 'inherit' });
}
