// What the comments of caffe.proto say about its messages, fields and values.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parse } = require('../../dist/prototxt');
const { DEBIAN } = require('../setup/caffe-download');
const { cacheDirectory } = require('../setup/paths');

/** Numbers of the fields of protobuf's descriptors, which the path of a comment is made of. */
const MESSAGE_OF_FILE = 4;
const ENUM_OF_FILE = 5;
const FIELD = 2;
const NESTED_MESSAGE = 3;
const NESTED_ENUM = 4;
const VALUE = 2;

/** A note to those who edit caffe.proto. */
const HOUSEKEEPING = /next available/;

/**
 * @param {string} [protoPath] a caffe.proto; by default that of the sources which set-up has downloaded
 * @returns {Map<string, string>} by name: 'Message', 'Message.field', 'Message.Enum.VALUE'
 */
function readComments(protoPath) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'caffe-node-schema-'));
  try {
    fs.writeFileSync(path.join(folder, 'caffe.proto'), protoPath ? fs.readFileSync(protoPath) : downloadedProto());
    return commentsOf(describe(folder));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function downloadedProto() {
  const tarball = path.join(cacheDirectory(), 'sources', DEBIAN.tarball);
  if (!fs.existsSync(tarball)) throw new Error('Set-up has downloaded no sources; give the path of a caffe.proto.');
  return execFileSync('tar', ['-xOf', tarball, 'src/caffe/proto/caffe.proto']);
}

/** The FileDescriptorProto of caffe.proto with its comments, as prototxt. */
function describe(folder) {
  const set = path.join(folder, 'set');
  execFileSync('protoc', ['--include_source_info', `--descriptor_set_out=${set}`, `-I${folder}`, 'caffe.proto']);
  const text = execFileSync('protoc', ['--decode=google.protobuf.FileDescriptorSet', 'google/protobuf/descriptor.proto'], {
    input: fs.readFileSync(set),
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  return parse(text).root.message('file');
}

function commentsOf(file) {
  const comments = new Map();
  for (const location of file.message('source_code_info').messages('location')) {
    const text = ['leading_comments', 'trailing_comments']
      .map((name) => plain(location.string(name)))
      .filter(Boolean)
      .join('\n\n');
    if (text && !HOUSEKEEPING.test(text)) comments.set(nameAt(file, location.numbers('path')), text);
  }
  return comments;
}

/** Without the space that follows the slashes, and without lines that are only decoration. */
function plain(comment = '') {
  const lines = comment.split('\n').map((line) => line.replace(/^ /, '').trimEnd());
  return lines
    .filter((line) => !/^\/+$/.test(line))
    .join('\n')
    .trim();
}

/** The name of what a path leads to: [4, 2, 2, 5] is the field 5 of message 2. */
function nameAt(file, [kind, index, ...rest]) {
  const scope = { [MESSAGE_OF_FILE]: 'message_type', [ENUM_OF_FILE]: 'enum_type' }[kind];
  if (!scope || index === undefined) return '';
  const found = file.messages(scope)[index];
  return [found.string('name'), ...namesBelow(found, rest, kind === ENUM_OF_FILE)].join('.');
}

function namesBelow(scope, [kind, index, ...rest], isEnum) {
  if (index === undefined) return [];
  const messageScopes = { [FIELD]: 'field', [NESTED_MESSAGE]: 'nested_type', [NESTED_ENUM]: 'enum_type' };
  const name = isEnum ? { [VALUE]: 'value' }[kind] : messageScopes[kind];
  if (!name) return ['']; // an option or the like
  const found = scope.messages(name)[index];
  return [found.string('name'), ...namesBelow(found, rest, kind === NESTED_ENUM)];
}

module.exports = { readComments };
