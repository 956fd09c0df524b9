// Everything public that can be called or assigned, by the names that cases use: 'createDataset', 'prototxt.parse', 'Net.load', 'Net#forward'.

const isClass = (value) => typeof value === 'function' && Function.prototype.toString.call(value).startsWith('class');

/** Names of what a value holds of its own, symbols as [Symbol.name]. */
function membersOf(value, ignored) {
  return Reflect.ownKeys(value)
    .filter((key) => !ignored.includes(key))
    .map((key) => (typeof key === 'symbol' ? { key, name: `[${key.description.replace('nodejs.', 'Symbol.')}]` } : { key, name: key }));
}

function ofClass(type, name) {
  const statics = membersOf(type, ['length', 'name', 'prototype']).filter(({ key }) => typeof type[key] === 'function');
  const instance = membersOf(type.prototype, ['constructor']);
  return [name, ...statics.map((member) => `${name}.${member.name}`), ...instance.map((member) => `${name}#${member.name}`)];
}

function ofNamespace(namespace, name) {
  const own = Object.keys(namespace).flatMap((key) => ofValue(namespace[key], `${name}.${key}`));
  const prototype = Object.getPrototypeOf(namespace);
  // Object.prototype may be another realm's.
  const isPlain = prototype === null || Object.hasOwn(prototype, 'isPrototypeOf');
  return isPlain ? own : [...own, ...membersOf(prototype, ['constructor']).map((member) => `${name}.${member.name}`)];
}

function ofValue(value, name) {
  if (isClass(value)) return ofClass(value, name);
  return typeof value === 'function' ? [name] : [];
}

/** The names of everything public of the package. A class that a namespace offers as well is one class. */
function exportsOf(api) {
  const classes = new Set(Object.values(api).filter(isClass));
  return Object.entries(api).flatMap(([name, value]) => {
    if (typeof value !== 'object') return ofValue(value, name);
    const own = Object.fromEntries(Object.entries(value).filter(([, member]) => !classes.has(member)));
    return ofNamespace(Object.setPrototypeOf(own, Object.getPrototypeOf(value)), name);
  });
}

module.exports = { exportsOf, ofClass };
