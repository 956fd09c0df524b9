const fs = require('node:fs');
const path = require('node:path');

/**
 * @typedef {{ uri: string, suites: string[], components: string[], signedBy?: string, trusted?: boolean }} AptSource
 */

const isYes = (value) => /^(yes|true|1)$/i.test(value ?? '');

/**
 * Reads the one-line format: `deb [signed-by=… arch=…] URI suite component …`.
 * @returns {AptSource[]}
 */
function parseOneLine(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line);
    if (!match) return [];
    const [, optionText = '', uri, suite, components] = match;
    const options = Object.fromEntries(optionText.split(/\s+/).map((option) => option.split('=', 2)));
    return [{ uri, suites: [suite], components: words(components), signedBy: options['signed-by'], trusted: isYes(options.trusted) }];
  });
}

/**
 * Reads the deb822 format: paragraphs of `Field: value`, continued on lines that begin with a space.
 * @returns {AptSource[]}
 */
function parseDeb822(text) {
  const withoutComments = text.replace(/^#.*\n?/gm, '');
  return withoutComments.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = {};
    for (const [, name, value] of paragraph.matchAll(/^([\w-]+):((?:.*)(?:\n[ \t].*)*)/gm)) fields[name.toLowerCase()] = value.trim();
    if (!words(fields.types).includes('deb') || /^(no|false|0)$/i.test(fields.enabled ?? '')) return [];
    // A key may also be given in full, over several lines: then it is no file name.
    const signedBy = fields['signed-by']?.includes('\n') ? undefined : fields['signed-by'];
    const shared = { suites: words(fields.suites), components: words(fields.components), signedBy, trusted: isYes(fields.trusted) };
    return words(fields.uris).map((uri) => ({ uri, ...shared }));
  });
}

function words(text = '') {
  return text.split(/\s+/).filter(Boolean);
}

const SUITES = /^(buster|bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/;

/**
 * The mirrors of Debian's main archive among the sources, the likeliest first. Third parties also call their suites after Debian's,
 * so the path decides the order.
 * @param {AptSource[]} sources
 */
function debianMirrors(sources) {
  const mirrors = sources.filter(({ suites, components }) => suites.some((suite) => SUITES.test(suite)) && components.includes('main'));
  const rank = ({ uri }) => (/\/debian\/?$/.test(uri) ? 0 : 1);
  const seen = new Set();
  return mirrors.sort((a, b) => rank(a) - rank(b)).filter(({ uri }) => !seen.has(uri) && seen.add(uri));
}

/**
 * All sources this machine is set up with.
 * @returns {AptSource[]}
 */
function readSources(etc = '/etc/apt') {
  const read = (file) => {
    try {
      return fs.readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const folder = path.join(etc, 'sources.list.d');
  const files = fs.existsSync(folder) ? fs.readdirSync(folder).sort() : [];
  return [
    ...parseOneLine(read(path.join(etc, 'sources.list'))),
    ...files.filter((name) => name.endsWith('.list')).flatMap((name) => parseOneLine(read(path.join(folder, name)))),
    ...files.filter((name) => name.endsWith('.sources')).flatMap((name) => parseDeb822(read(path.join(folder, name)))),
  ];
}

module.exports = { parseOneLine, parseDeb822, debianMirrors, readSources };
