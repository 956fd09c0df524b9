const fs = require('node:fs');
const path = require('node:path');
const { fromCaffeRoot } = require('./caffe-root');
const { fromCaffeSource, fromDebian } = require('./caffe-source');

/** Way 1: the addon that comes with the npm package; nothing has to be found or built for it. */
function prebuiltAddon(home) {
  const folder = path.join(home, 'prebuilds', `${process.platform}-${process.arch}`);
  return fs.existsSync(folder) && fs.readdirSync(folder).some((name) => name.endsWith('.node'));
}

/**
 * Finds or builds the Caffe that the addon is to be built against.
 *
 * @param {import('./report').Report} report
 * @param {{ root: string, home: string, cache: string }} places the checkout, the folder whose build/ is the addon's, and the cache
 * @returns {Promise<{ prefix: string, key: string, packages?: () => string[] }>} `prefix` holds caffe.json; `key` changes with what is
 *   behind it; `packages` names the system packages that this Caffe still needs beyond the usual ones
 */
function ensureCaffe(report, { root, home, cache }, env = process.env) {
  if (env.CAFFE_ROOT) return fromCaffeRoot(home, env.CAFFE_ROOT);
  if (env.CAFFE_SOURCE) return fromCaffeSource(report, root, cache, env.CAFFE_SOURCE);
  return fromDebian(report, root, cache);
}

module.exports = { prebuiltAddon, ensureCaffe };
