// The messages of caffe.proto as TypeScript interfaces, documented by its comments.

/** Where caffe.proto says nothing about a message that everybody meets. */
const OVERVIEWS = {
  NetParameter: 'A network definition (`train_val.prototxt`, `deploy.prototxt`) as a plain object.',
  LayerParameter: 'One layer of a {@link NetParameter}.',
  SolverParameter: 'A solver definition (`solver.prototxt`) as a plain object.',
};

const SCALARS = { bool: 'boolean', string: 'string', bytes: 'string' };

/** One set of interfaces serves both what is read and what may be written, so that both carry the comments. */
const FORMS = `/** 'parsed': as it is read, repeated fields as arrays; 'given': as code may write it, one value in a repeated field without brackets, too. */
export type MessageForm = 'parsed' | 'given';

/** A repeated field. */
export type Repeated<Item, Form extends MessageForm> = Form extends 'given' ? Item | readonly Item[] : Item[];
`;

const FORM = "<Form extends MessageForm = 'parsed'>";

function writeTypes({ messages, enums, layers }, comments) {
  const formed = messagesWithForms(messages);
  const member = (message, field) => {
    const type = typeOf(field, enums, messages, formed);
    return `${jsdoc(fieldComment(message, field, enums, comments))}${field.name}${field.required ? '' : '?'}: ${type};`;
  };
  const interfaces = messages.map(({ name, fields }) => {
    const members = fields.map((field) => member(name, field)).join('\n');
    const comment = jsdoc(tagged(OVERVIEWS[name] ?? comments.get(name) ?? ''));
    return `${comment}export interface ${name}${formed.has(name) ? FORM : ''} {\n${members}\n}\n`;
  });
  return [FORMS, ...interfaces, messageTypes(messages, formed), layerTypes(messages, layers, formed)].join('\n');
}

/** The messages that differ between the forms: those with repeated fields, and those that hold such messages. */
function messagesWithForms(messages) {
  const formed = new Set();
  const differs = ({ fields }) => fields.some(({ type, repeated }) => repeated || formed.has(type));
  for (let before = -1; before < formed.size; ) {
    before = formed.size;
    for (const message of messages) if (differs(message)) formed.add(message.name);
  }
  return formed;
}

function typeOf({ type, repeated }, enums, messages, formed) {
  const scalar = enums[type] ? union(Object.keys(enums[type])) : (SCALARS[type] ?? 'number');
  const one = messages.some(({ name }) => name === type) ? `${type}${formed.has(type) ? '<Form>' : ''}` : scalar;
  return repeated ? `Repeated<${one}, Form>` : one;
}

function messageTypes(messages, formed) {
  const members = messages.map(({ name }) => `${name}: ${name}${formed.has(name) ? '<Form>' : ''};`);
  return `/** The messages by their names. */\nexport interface CaffeMessages${FORM} {\n${members.join('\n')}\n}\n`;
}

/** What the builder completes and checks: the message of each type of layer. */
function layerTypes(messages, layers, formed) {
  const settings = messages.find(({ name }) => name === 'LayerParameter').fields;
  const own = (field) => {
    const message = settings.find(({ name }) => name === field)?.type ?? 'object';
    return formed.has(message) ? `${message}<'given'>` : message;
  };
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
  return [tagged(text), field.default !== undefined && `@default ${JSON.stringify(field.default)}`].filter(Boolean).join('\n\n');
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
