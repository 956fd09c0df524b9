// Preloaded (node --require) into a process that must not load the addon.
const Module = require('node:module');

const load = Module._load;
Module._load = function (request, ...others) {
  if (request === 'node-gyp-build') throw new Error('The addon was loaded.');
  return load.call(this, request, ...others);
};
