/** Arrays of floats as files, which every engine can read: 32 bits each, as the machine has them, one after the other. */
const { readFileSync, writeFileSync } = require('node:fs');

function readFloats(file) {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function writeFloats(file, values) {
  writeFileSync(file, Buffer.from(Float32Array.from(values).buffer));
}

module.exports = { readFloats, writeFloats };
