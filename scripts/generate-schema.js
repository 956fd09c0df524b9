// Writes lib/prototxt/schema.ts from Caffe's caffe.proto.
//
//   node scripts/generate-schema.js path/to/caffe.proto

const { execFileSync } = require('node:child_process');
const { readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/** What users write; the messages they reach follow. */
const ROOTS = ['NetParameter', 'SolverParameter'];
const SCHEMA = path.resolve(__dirname, '../lib/prototxt/schema.ts');
const FORMATTER = path.resolve(__dirname, '../node_modules/.bin/biome');

const HEADER = `// Generated from caffe.proto by scripts/generate-schema.js; not to be edited.

`;

main(process.argv[2]);

function main(protoPath) {
  if (!protoPath) {
    console.error('usage: node scripts/generate-schema.js path/to/caffe.proto');
    process.exit(2);
  }
  const proto = parseProto(readFileSync(protoPath, 'utf8'));
  const messages = reachable(proto.messages, ROOTS);
  const enums = usedBy(messages, proto.enums);
  writeFileSync(
    SCHEMA,
    HEADER +
      `/** The enums of caffe.proto: the number of each name. */\nexport const ENUMS = ${JSON.stringify(enums)} as const;\n\n` +
      `/** The messages of caffe.proto: the type of each field; \`[]\` marks a repeated one. */\nexport const MESSAGES = ${JSON.stringify(messages)} as const;\n`,
  );
  execFileSync(FORMATTER, ['check', '--write', SCHEMA], { stdio: 'inherit' });
}

/** Messages { name: { field: type } } and enums { name: { value: number } } of a proto2 file; nested names carry their message's. */
function parseProto(text) {
  const messages = {};
  const enums = {};
  const open = [];
  const statements = text.replace(/\/\/.*$/gm, '').match(/[^{};]+[{;]|\}/g) ?? [];
  for (const statement of statements.map((part) => part.trim())) {
    const [, kind, name] = /^(message|enum)\s+(\w+)\s*\{$/.exec(statement) ?? [];
    if (kind) open.push({ kind, name: kind === 'enum' ? [...open.map((scope) => scope.name), name].join('.') : name });
    if (kind) (kind === 'enum' ? enums : messages)[open.at(-1).name] = {};
    else if (statement === '}') open.pop();
    else addMember(open.at(-1), statement, messages, enums);
  }
  return { messages: withEnumNames(messages, enums), enums };
}

function addMember(scope, statement, messages, enums) {
  if (!scope) return;
  const [, label, type, field] = /^(optional|required|repeated)\s+(\w+)\s+(\w+)\s*=/.exec(statement) ?? [];
  if (field) messages[scope.name][field] = label === 'repeated' ? `${type}[]` : type;
  const [, value, number] = /^(\w+)\s*=\s*(-?\d+)\s*;$/.exec(statement) ?? [];
  if (value && scope.kind === 'enum') enums[scope.name][value] = Number(number);
}

/** Field types that name an enum of their own message get its full name. */
function withEnumNames(messages, enums) {
  const fullName = (message, type) => (enums[`${message}.${type.replace('[]', '')}`] ? `${message}.${type}` : type);
  const fields = (message, members) => Object.entries(members).map(([field, type]) => [field, fullName(message, type)]);
  return Object.fromEntries(Object.entries(messages).map(([name, members]) => [name, Object.fromEntries(fields(name, members))]));
}

function reachable(messages, roots) {
  const found = new Set();
  const visit = (name) => {
    if (!messages[name] || found.has(name)) return;
    found.add(name);
    for (const type of Object.values(messages[name])) visit(type.replace('[]', ''));
  };
  roots.forEach(visit);
  return Object.fromEntries(Object.entries(messages).filter(([name]) => found.has(name)));
}

function usedBy(messages, enums) {
  const types = new Set(Object.values(messages).flatMap((fields) => Object.values(fields).map((type) => type.replace('[]', ''))));
  return Object.fromEntries(Object.entries(enums).filter(([name]) => types.has(name)));
}
