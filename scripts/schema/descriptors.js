// The descriptors of the linked Caffe, in the terms of the text format: what a field is called, what it takes, what it is by default.

/** Layers whose settings are in the message of another one: their source says so, caffe.proto does not. */
const BORROWED = { Deconvolution: 'Convolution', Im2col: 'Convolution', JavaScript: 'Python', LSTM: 'Recurrent', RNN: 'Recurrent' };

/** Settings of layers that are no layer themselves. */
const NO_LAYERS = ['Loss', 'Recurrent', 'Transformation'];

const INTEGERS = { sint32: 'int32', sfixed32: 'int32', fixed32: 'uint32', sint64: 'int64', sfixed64: 'int64', fixed64: 'uint64' };

/**
 * @param file a NativeProtoFile
 * @param layerTypes the types that the linked Caffe has registered
 * @param roots the messages to begin with; those that they reach follow
 * @returns {{ messages: { name, fields: { name, type, repeated, required, default }[] }[], enums, layers }} enums are
 *   { name: { value: number } }, layers { type: field of LayerParameter, or '' }; nested names carry their message's
 */
function readSchema(file, layerTypes, roots) {
  const prefix = `.${file.package}.`;
  const enums = Object.fromEntries(enumsOf(file, '').map(({ name, value }) => [name, numbersOf(value)]));
  const all = messagesOf(file, '').map(({ name, field = [] }) => ({ name, fields: field.map((one) => readField(one, prefix)) }));
  const messages = reachable(all, roots);
  const used = new Set(messages.flatMap(({ fields }) => fields.map((field) => field.type)));
  return {
    messages,
    enums: Object.fromEntries(Object.entries(enums).filter(([name]) => used.has(name))),
    layers: layersOf(messages, layerTypes),
  };
}

function messagesOf(scope, prefix) {
  return (scope.message_type ?? scope.nested_type ?? []).flatMap((message) => {
    const name = prefix + message.name;
    return [{ ...message, name }, ...messagesOf(message, `${name}.`)];
  });
}

function enumsOf(file, prefix) {
  const own = (scope, before) => (scope.enum_type ?? []).map((one) => ({ ...one, name: before + one.name }));
  return [...own(file, prefix), ...messagesOf(file, prefix).flatMap((message) => own(message, `${message.name}.`))];
}

const numbersOf = (values) => Object.fromEntries(values.map(({ name, number }) => [name, number]));

function readField(field, prefix) {
  const scalar = field.type.replace('TYPE_', '').toLowerCase();
  const type = field.type_name?.replace(prefix, '') ?? INTEGERS[scalar] ?? scalar;
  return {
    name: field.name,
    type,
    repeated: field.label === 'LABEL_REPEATED',
    required: field.label === 'LABEL_REQUIRED',
    default: field.default_value === undefined ? undefined : defaultOf(field.default_value, type),
  };
}

/** A default as the field's value. */
function defaultOf(text, type) {
  if (type === 'bool') return text === 'true';
  return ['int32', 'uint32', 'int64', 'uint64', 'float', 'double'].includes(type) ? Number(text) : text;
}

function reachable(messages, roots) {
  const byName = new Map(messages.map((message) => [message.name, message]));
  const found = new Set();
  const visit = (name) => {
    if (!byName.has(name) || found.has(name)) return;
    found.add(name);
    for (const field of byName.get(name).fields) visit(field.type);
  };
  roots.forEach(visit);
  return messages.filter(({ name }) => found.has(name));
}

/** Registered types, and those that are in caffe.proto only: a Caffe built with OpenCV has more of them than ours. */
function layersOf(messages, registered) {
  const settings = messages.find(({ name }) => name === 'LayerParameter').fields.filter((field) => field.name.endsWith('_param'));
  const fields = new Map(settings.map(({ name, type }) => [type.replace(/Parameter$/, ''), name]));
  const types = new Set([...registered, ...fields.keys()]);
  const layers = [...types].filter((type) => !NO_LAYERS.includes(type)).sort();
  return Object.fromEntries(layers.map((type) => [type, fields.get(BORROWED[type] ?? type) ?? '']));
}

module.exports = { readSchema };
