// Downloads that are refused before anything is asked for, and servers that are none.
const { mkdirSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { fetchModel } = require('../../..');
const { NO_OPTIONS, each, thrower } = require('../support/hostile');

const INPUT = 'ERR_CAFFE_INPUT';
const SHA1 = '0'.repeat(40);
/** Nobody listens there, and it is tried once. */
const URL_OF_NOBODY = 'http://127.0.0.1:1/x.caffemodel';
const options = ({ output }, more) => ({ cache: path.join(output, 'cache'), sha1: SHA1, retries: 0, ...more });

/** Fails whatever the option is: what is accepted, because nobody is there. */
const optionCases = [
  ['cache', 'text'],
  ['sha1', 'undefined'],
  ['sha256', 'undefined'],
  ['unverified', 'undefined', 'boolean'],
  ['retries', 'undefined', 'number'],
  ['timeout', 'undefined', 'number', 'fraction'],
  ['signal', 'undefined'],
  ['onProgress', 'undefined', 'function'],
].map(([option, ...allowed]) => ({
  api: 'fetchModel',
  name: `${option} of every wrong kind`,
  code: INPUT,
  each: () =>
    each((value) => fetchModel(URL_OF_NOBODY, { sha1: SHA1, [option]: value }), ...allowed, ...(option === 'cache' ? ['undefined'] : [])),
}));

const cases = [
  {
    api: 'fetchModel',
    name: 'a model of every wrong kind',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: (fixture) => each((source) => fetchModel(source, options(fixture))),
  },
  {
    api: 'fetchModel',
    name: 'options of every wrong kind',
    code: INPUT,
    each: () => each((given) => fetchModel(URL_OF_NOBODY, given), ...NO_OPTIONS),
  },
  {
    api: 'fetchModel',
    name: 'options that say nothing of a checksum',
    code: INPUT,
    each: () => each((given) => fetchModel(URL_OF_NOBODY, given), 'throwing Proxy', 'revoked Proxy'),
  },
  ...optionCases,
  ...['caffemodel_url', 'caffemodel', 'sha1', 'sha256', 'name', 'license', 'caffe_commit'].map((field) => ({
    api: 'fetchModel',
    name: `a record whose ${field} is of every wrong kind`,
    code: [INPUT, 'ERR_CAFFE_FETCH'],
    each: (fixture) =>
      each(
        (value) =>
          fetchModel(
            { caffemodel_url: URL_OF_NOBODY, sha1: SHA1, [field]: value },
            options(fixture, { sha1: undefined, cache: '/dev/null/x' }),
          ),
        ...(field.startsWith('caffemodel') || field.startsWith('sha') ? [] : ['undefined', 'text', 'empty text']),
        ...({ caffemodel: ['undefined', 'text'], sha256: ['undefined'] }[field] ?? []),
      ),
  })),
  {
    api: 'fetchModel',
    name: 'a record whose fields throw',
    code: INPUT,
    run: (fixture) =>
      fetchModel(
        {
          get caffemodel_url() {
            return thrower();
          },
        },
        options(fixture),
      ),
  },
  {
    api: 'fetchModel',
    name: 'names of files that lead elsewhere',
    code: INPUT,
    each: (fixture) =>
      ['..', '.', '../x', '/etc/passwd', 'a/b', 'a\\b', 'a\0b', 'a\nb', ' ', 'c:x', 'x'.repeat(300)].map((caffemodel) => [
        JSON.stringify(caffemodel),
        () => fetchModel({ caffemodel_url: URL_OF_NOBODY, caffemodel }, options(fixture)),
      ]),
  },
  {
    api: 'fetchModel',
    name: 'addresses of other schemes, and none',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: (fixture) =>
      ['file:///etc/passwd', 'ftp://a/b', 'data:text/plain,x', 'http://', 'http://[', 'https://a:b@c/d', 'javascript:1', '\0'].map(
        (url) => [JSON.stringify(url), () => fetchModel(url, options(fixture))],
      ),
  },
  {
    api: 'fetchModel',
    name: 'readmes that are none',
    code: [INPUT, 'ERR_CAFFE_FILE'],
    each: ({ folder, ...fixture }) =>
      ['empty', 'binary', 'open', 'folder'].map((name) => [name, () => fetchModel(path.join(folder, 'readmes', name), options(fixture))]),
  },
  {
    api: 'fetchModel',
    name: 'a front matter of a million lines',
    code: INPUT,
    run: (fixture) => fetchModel(`---\n${'key: value\n'.repeat(1_000_000)}---\n`, options(fixture)),
  },
  {
    api: 'fetchModel',
    name: 'a cache in a place that cannot be written',
    code: 'ERR_CAFFE_FILE',
    each: (fixture) => ['/proc/x', '/dev/null/x'].map((cache) => [cache, () => fetchModel(URL_OF_NOBODY, options(fixture, { cache }))]),
  },
];

function prepare(folder) {
  const at = (name) => path.join(folder, 'readmes', name);
  mkdirSync(at('folder'), { recursive: true });
  writeFileSync(at('empty'), '');
  writeFileSync(at('binary'), Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 256)));
  writeFileSync(at('open'), '---\ncaffemodel_url: http://a/b\n');
}

module.exports = { prepare, cases };
