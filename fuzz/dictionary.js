const fs = require('node:fs');
const { caffe } = require('..');
const { ENUMS, MESSAGES } = require('../dist/prototxt/schema/schema');

/** Writes libFuzzer's dictionary for prototxt: the names of all fields and of their values, and the layers of the linked Caffe. */
function dictionaryOf(file) {
  const names = [...Object.values(MESSAGES), ...Object.values(ENUMS)].flatMap((message) => Object.keys(message));
  const words = new Set([...names, ...caffe.layerTypes]);
  fs.writeFileSync(file, [...words].map((word) => `"${word}"\n`).join(''));
  return file;
}

module.exports = { dictionaryOf };
