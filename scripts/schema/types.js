// The messages of caffe.proto as TypeScript interfaces, documented by its comments.

/** Where caffe.proto says nothing about a message that everybody meets. */
const OVERVIEWS = {
  NetParameter: 'A network definition (`train_val.prototxt`, `deploy.prototxt`) as a plain object.',
  LayerParameter: 'One layer of a {@link NetParameter}.',
  SolverParameter: 'A solver definition (`solver.prototxt`) as a plain object.',
};

const SCALARS = { bool: 'boolean', string: 'string', bytes: 'string' };

function writeTypes({ messages, enums, layers }, comments) {
  const interfaces = new Set(messages.map(({ name }) => name));
  const typeOf = ({ type, repeated }) => {
    const one = interfaces.has(type) ? type : enums[type] ? union(Object.keys(enums[type])) : (SCALARS[type] ?? 'number');
    return repeated ? `${one.includes('|') ? `(${one})` : one}[]` : one;
  };
  const member = (message, field) =>
    `${jsdoc(fieldComment(message, field, enums, comments))}${field.name}${field.required ? '' : '?'}: ${typeOf(field)};`;
  const written = messages.map(
    ({ name, fields }) =>
      `${jsdoc(tagged(OVERVIEWS[name] ?? comments.get(name) ?? ''))}export interface ${name} {\n` +
      `${fields.map((field) => member(name, field)).join('\n')}\n}\n`,
  );
  return [...written, messageTypes(messages), layerTypes(messages, layers)].join('\n');
}

function messageTypes(messages) {
  const members = messages.map(({ name }) => `${name}: ${name};`);
  return `/** The messages by their names. */\nexport interface CaffeMessages {\n${members.join('\n')}\n}\n`;
}

/** What the builder completes and checks: the message of each type of layer. */
function layerTypes(messages, layers) {
  const settings = messages.find(({ name }) => name === 'LayerParameter').fields;
  const own = (field) => settings.find(({ name }) => name === field)?.type ?? 'object';
  const members = Object.entries(layers).map(([type, field]) => `${type}: ${own(field)};`);
  return `/** What each type of layer reads its settings from. */\nexport interface LayerMessages {\n${members.join('\n')}\n}\n`;
}

/** What is said about a field, or else about its type; then about each value of its enum. */
function fieldComment(message, field, enums, comments) {
  const values = Object.keys(enums[field.type] ?? {})
    .map((value) => [value, comments.get(`${field.type}.${value}`)])
    .filter(([, comment]) => comment)
    .map(([value, comment]) => `- ${value}: ${comment.replace(/\n/g, '\n  ')}`);
  const text = [comments.get(`${message}.${field.name}`) ?? comments.get(field.type), values.join('\n')].filter(Boolean).join('\n\n');
  const value = field.default ?? Object.keys(enums[field.type] ?? {})[0];
  return [tagged(text), !field.repeated && value !== undefined && `@default ${JSON.stringify(value)}`].filter(Boolean).join('\n\n');
}

/** Editors strike out what is deprecated, which caffe.proto says in words only. */
function tagged(text) {
  return /\bdeprecated\b/i.test(text) ? `@deprecated ${text.replace(/^deprecated[.:]? ?/i, '')}`.trim() : text;
}

function jsdoc(text) {
  if (text === '') return '';
  const lines = text.replaceAll('*/', '*\\/').split('\n');
  return lines.length === 1 ? `/** ${lines[0]} */\n` : `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join('\n')}\n */\n`;
}

const union = (names) => names.map((name) => `'${name}'`).join(' | ');

module.exports = { writeTypes };
