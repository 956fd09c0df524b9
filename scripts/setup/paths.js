const os = require('node:os');
const path = require('node:path');

/** The checkout this script belongs to. */
const root = path.resolve(__dirname, '..', '..');

/** Where builds of Caffe are kept: outside the checkout, so that a fresh clone need not build Caffe again. */
function cacheDirectory(env = process.env) {
  if (env.CAFFE_NODE_CACHE) return path.resolve(env.CAFFE_NODE_CACHE);
  // The XDG specification asks to ignore a relative path.
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return path.join(env.XDG_CACHE_HOME, 'caffe-node');
  return path.join(os.homedir(), '.cache', 'caffe-node');
}

/**
 * The folder whose build/ holds the addon: the checkout, or the one that CAFFE_NODE_PREBUILD names, where node-gyp-build looks for it as
 * well. So an addon with sanitizers, or of another Caffe, is kept beside the usual one.
 */
function addonHome(env = process.env) {
  return env.CAFFE_NODE_PREBUILD ? path.resolve(env.CAFFE_NODE_PREBUILD) : root;
}

module.exports = {
  root,
  cacheDirectory,
  addonHome,
  /** Everything set-up writes into the checkout, apart from node_modules and dist. */
  build: path.join(root, 'build'),
  addon: path.join(root, 'build', 'Release', 'caffe.node'),
  log: path.join(root, 'build', 'setup.log'),
  lock: path.join(root, 'build', 'setup.lock'),
};
