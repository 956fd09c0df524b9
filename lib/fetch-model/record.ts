/** What is to be fetched, and how to know that it is that: Model-Zoo records, as readmes hold them in their front matter. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { CaffeError, describe, messageOf } from '../errors';
import { readRegularFile } from '../files';
import { reading, readOptions, requirePath } from '../given';
import { exists, MODEL_FILES } from '../model-files';

/** The front matter of a Model-Zoo readme; further fields do no harm. */
export interface ModelRecord {
  /** Where the weights are: http or https. */
  readonly caffemodel_url: string;
  /** The name of the file; default: the last part of the URL. */
  readonly caffemodel?: string;
  /** In hexadecimal. */
  readonly sha1?: string;
  readonly sha256?: string;
  readonly name?: string;
  readonly license?: string;
  /** The commit of Caffe that the model was trained with. */
  readonly caffe_commit?: string;
}

/** The networks beside a readme. */
export interface NetworkFiles {
  readonly deploy?: string;
  readonly trainVal?: string;
  readonly solver?: string;
}

const FIELDS = ['caffemodel_url', 'caffemodel', 'sha1', 'sha256', 'name', 'license', 'caffe_commit'] as const;
const README = 'readme.md';

/** A record, read and checked; `file` is a plain name. */
export interface CheckedRecord extends ModelRecord {
  readonly file: string;
  readonly network: NetworkFiles;
}

/**
 * Reads a record from what a caller gave: a URL, the path of a readme or of its folder, the text of a readme, or the fields themselves.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for what is none of these, or lacks a URL; ERR_CAFFE_FILE for a readme that cannot be read.
 */
export async function readRecord(source: string | URL | ModelRecord): Promise<CheckedRecord> {
  if (typeof source !== 'string') return checked(reading('The model', () => fieldsOf(source)));
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(source)) return checked({ caffemodel_url: source });
  if (/\n/.test(source)) return checked(frontMatterOf(source, 'The readme'));
  const readme = await readmeAt(requirePath(source, 'A model'));
  return checked(frontMatterOf(await readReadme(readme), `'${readme}'`), await networkFilesIn(path.dirname(readme)));
}

function fieldsOf(source: URL | ModelRecord): ModelRecord {
  const given: unknown = source;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new CaffeError('ERR_CAFFE_INPUT', `A model to fetch is a URL, a readme, or its record; ${describe(given)} was given.`, {
      hint: "Say fetchModel('readme.md'), or fetchModel({ caffemodel_url: 'https://…', sha1: '…' }).",
    });
  }
  // By its field, as URLs of other realms are as good.
  if ('href' in given) return { caffemodel_url: String(given.href) };
  return readOptions(source as ModelRecord, FIELDS, 'The record');
}

/** A folder stands for the readme in it, whatever its case. */
async function readmeAt(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isDirectory()) return file;
  for (const name of [README, 'README.md', 'Readme.md']) if (await exists(path.join(file, name))) return path.join(file, name);
  return path.join(file, README);
}

async function readReadme(file: string): Promise<string> {
  try {
    return (await readRegularFile(file)).toString('utf8');
  } catch (error) {
    throw new CaffeError('ERR_CAFFE_FILE', `The readme '${file}' cannot be read: ${messageOf(error)}`, {
      file,
      hint: 'Give a URL with its scheme (https://…), the readme.md of a Model-Zoo model, or the folder that holds it.',
      cause: error,
    });
  }
}

/** The lines `key: value` between the first two lines of `---`. */
function frontMatterOf(text: string, what: string): ModelRecord {
  const lines = text.split('\n').map((line) => line.trim());
  const top = lines.indexOf('---');
  const bottom = lines.indexOf('---', top + 1);
  if (top === -1 || bottom === -1) {
    throw new CaffeError('ERR_CAFFE_INPUT', `${what} has no front matter.`, {
      hint: "A Model-Zoo readme begins with lines such as 'caffemodel_url: …' and 'sha1: …' between two lines of '---'.",
    });
  }
  const entries = lines.slice(top + 1, bottom).flatMap((line) => {
    const [, key, value] = /^([\w-]+):\s+(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [[key, unquoted(value)] as const];
  });
  const fields = new Map(entries);
  return Object.fromEntries(FIELDS.map((name) => [name, fields.get(name)])) as Partial<ModelRecord> as ModelRecord;
}

function unquoted(value: string): string {
  const [, , quoted, plain] = /^(["'])(.*)\1$|^(.*?)(?:\s+#.*)?$/.exec(value) ?? [];
  return quoted ?? plain ?? value;
}

async function networkFilesIn(folder: string): Promise<NetworkFiles> {
  const found = await Promise.all(
    (['deploy', 'trainVal', 'solver'] as const).map(async (kind) => {
      const file = path.join(folder, MODEL_FILES[kind]);
      return (await exists(file)) ? [[kind, file]] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

function checked(record: ModelRecord, network: NetworkFiles = {}): CheckedRecord {
  for (const [field, value] of Object.entries(record)) {
    if (value === undefined || typeof value === 'string') continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `'${field}' of a model's record must be a text; ${describe(value)} was given.`);
  }
  const url = checkedUrl(record.caffemodel_url);
  return { ...record, caffemodel_url: url.href, file: fileName(record.caffemodel ?? lastPart(url)), network };
}

/** @throws {CaffeError} ERR_CAFFE_INPUT unless it is one of http or https, without a password in it. */
function checkedUrl(text: string | undefined): URL {
  if (text === undefined || text === '') {
    throw new CaffeError('ERR_CAFFE_INPUT', "The record of the model has no 'caffemodel_url'.", { hint: 'That is where the weights are.' });
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') {
    url.hash = '';
    return url;
  }
  throw new CaffeError('ERR_CAFFE_INPUT', `${describe(text)} is no address that models can be fetched from.`, {
    hint: 'It must begin with https:// or http://, and hold no user name.',
  });
}

function lastPart(url: URL): string {
  const last = url.pathname.split('/').at(-1) || 'model.caffemodel';
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // a stray per cent sign
  }
}

/** The record is somebody else's text: it must not choose a place outside the cache. */
function fileName(name: string): string {
  // Leading dots are hidden files and parents; the rest is what some file system refuses.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (name.length <= 200 && !/^\.|[\\/:*?"<>|\u0000-\u001f]/.test(name) && name.trim() !== '') return name;
  throw new CaffeError('ERR_CAFFE_INPUT', `${describe(name)} cannot be the name of the model's file.`, {
    hint: "Give a plain name as 'caffemodel'.",
  });
}
