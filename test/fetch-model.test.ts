/** Downloads against a local server, with everything that goes wrong on the way. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { modelCacheFolder } from '../lib/cache-folder';
import { type FetchOptions, type FetchProgress, fetchModel } from '../lib/fetch-model';
import { redirectOf } from '../lib/fetch-model/request';
import { withFileLock } from '../lib/file-lock';
import { Net } from '../lib/net';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { type Answer, drop, dropping, type FileServer, file, stalling, startFileServer, status } from './support/file-server';
import { namesIn, temporaryFolder } from './support/folders';
import { LINEAR } from './support/networks';

const at = temporaryFolder();
/** Several of the pieces in which a connection brings it. */
const MODEL = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i + (i >> 8)) % 251));
const OTHER = Buffer.from(Uint8Array.from(MODEL, (byte) => 255 - byte));
const hash = (bytes: Buffer, kind = 'sha1') => createHash(kind).update(bytes).digest('hex');
const SHA1 = hash(MODEL);

let server: FileServer;
let caches = 0;

beforeAll(async () => {
  server = await startFileServer();
});
afterAll(() => server.close());

/** Options with an empty cache of their own. */
const fresh = (options: FetchOptions = {}): FetchOptions & { cache: string } => ({
  cache: at(`cache${caches++}`),
  sha1: SHA1,
  onProgress: ({ received }) => {
    server.seen = received;
  },
  ...options,
});

/** The names of the files in a cache, whatever their folder. */
async function kept(cache: string): Promise<string[]> {
  const folders = existsSync(cache) ? await namesIn(cache) : [];
  return (await Promise.all(folders.map((folder) => namesIn(path.join(cache, folder))))).flat();
}

/** A signal that is aborted once this many bytes are there. */
function abortAfter(bytes: number): Pick<FetchOptions, 'signal' | 'onProgress'> {
  const controller = new AbortController();
  const onProgress = ({ received }: FetchProgress) => {
    if (received >= bytes) controller.abort(new Error('enough'));
  };
  return { signal: controller.signal, onProgress };
}

async function expectWhole(options: FetchOptions & { cache: string }): Promise<void> {
  const fetched = await fetchModel(server.url(), options);
  expect(readFileSync(fetched.path).equals(MODEL)).toBe(true);
  expect(fetched).toMatchObject({ sha1: SHA1, size: MODEL.length });
  expect(await kept(options.cache)).toEqual(['net.caffemodel']);
}

describe('a model', () => {
  test('is fetched once, verified, and found in the cache from then on', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    const first = await fetchModel(server.url(), options);
    expect(first).toEqual({
      path: path.join(options.cache, SHA1.slice(0, 16), 'net.caffemodel'),
      name: 'net.caffemodel',
      url: server.url(),
      sha1: SHA1,
      sha256: hash(MODEL, 'sha256'),
      size: MODEL.length,
      fromCache: false,
      license: undefined,
      network: {},
    });
    expect(readFileSync(first.path).equals(MODEL)).toBe(true);
    expect(await fetchModel(server.url(), options)).toEqual({ ...first, fromCache: true });
    expect(server.ranges).toEqual([undefined]);
    expect(server.headers[0]?.['accept-encoding']).toBe('identity');
    expect(await kept(options.cache)).toEqual(['net.caffemodel']);
  });

  test('that was damaged in the cache is fetched anew', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    const { path: place } = await fetchModel(server.url(), options);
    writeFileSync(place, 'damaged');
    expect(await fetchModel(server.url(), options)).toMatchObject({ fromCache: false, sha1: SHA1 });
    expect(readFileSync(place).equals(MODEL)).toBe(true);
  });

  test('tells how far it is', async () => {
    server.answer(file(MODEL));
    const events: FetchProgress[] = [];
    const options = fresh({ onProgress: (progress) => events.push(progress) });
    await fetchModel(server.url(), options);
    expect(events[0]).toEqual({ stage: 'downloading', received: 0, total: MODEL.length });
    expect(events.at(-1)).toEqual({ stage: 'downloading', received: MODEL.length, total: MODEL.length });
    expect(events.map(({ received }) => received)).toEqual(events.map(({ received }) => received).sort((a, b) => a - b));
    events.length = 0;
    await fetchModel(server.url(), options);
    expect(events).toEqual([{ stage: 'verifying', received: 0, total: undefined }]);
  });

  test('is loaded into the network beside its readme', async () => {
    const net = await Net.from(LINEAR);
    const weights = await net.toBuffer();
    mkdirSync(at('zoo'));
    writeFileSync(at('zoo/deploy.prototxt'), LINEAR);
    writeFileSync(at('zoo/readme.md'), `---\ncaffemodel_url: ${server.url()}\nsha1: ${hash(weights)}\n---\n`);
    server.answer(file(weights));
    const fetched = await fetchModel(at('zoo'), { cache: at('zoo-cache') });
    expect(fetched.network).toEqual({ deploy: at('zoo/deploy.prototxt') });
    const other = await Net.load(fetched.network.deploy ?? '', { weights: fetched.path });
    expect(await other.forward({ data: [1, 2, 3] })).toEqual(await net.forward({ data: [1, 2, 3] }));
    await Promise.all([net.dispose(), other.dispose()]);
  });

  test('of which no checksum is known is fetched only when that is asked for', async () => {
    server.answer(file(MODEL));
    const options = fresh({ sha1: undefined });
    expect(await failureOf(fetchModel(server.url(), options))).toMatchObject({
      code: 'ERR_CAFFE_INPUT',
      hint: expect.stringContaining('unverified'),
    });
    expect(server.ranges).toEqual([]);
    const unverified = { ...options, unverified: true };
    const first = await fetchModel(server.url(), unverified);
    expect(first.sha1).toBe(SHA1);
    expect(await fetchModel(server.url(), unverified)).toEqual({ ...first, fromCache: true });
    // A file of the same name from elsewhere is another one.
    expect(await fetchModel(server.url('/elsewhere/net.caffemodel'), unverified)).toMatchObject({ fromCache: false });
  });
});

describe('a record', () => {
  const README = (url: string) => `---
name: BAIR/BVLC "Tiny" Model
caffemodel: tiny.caffemodel
caffemodel_url: ${url}
license: unrestricted
sha1: ${SHA1.toUpperCase()}
caffe_commit: 709dc15af4a06bebda027c1eb2b3f3e3375d5077
gist_id: 034c6ac3865563b69e60
---

This model is a replication. caffemodel_url: http://elsewhere/
`;

  test('is a readme, its folder, its text, or its fields', async () => {
    server.answer(file(MODEL));
    const options = fresh({ sha1: undefined });
    mkdirSync(at('model'));
    writeFileSync(at('model/readme.md'), README(server.url('/any')).replaceAll('\n', '\r\n'));
    for (const name of ['deploy', 'train_val', 'solver']) writeFileSync(at(`model/${name}.prototxt`), '');
    const network = { deploy: at('model/deploy.prototxt'), trainVal: at('model/train_val.prototxt'), solver: at('model/solver.prototxt') };
    const fetched = await fetchModel(at('model/readme.md'), options);
    expect(fetched).toMatchObject({
      name: 'BAIR/BVLC "Tiny" Model',
      license: 'unrestricted',
      fromCache: false,
      url: server.url('/any'),
      network,
    });
    expect(path.basename(fetched.path)).toBe('tiny.caffemodel');
    const again = { ...fetched, fromCache: true };
    expect(await fetchModel(at('model'), options)).toEqual(again);
    expect(await fetchModel(README(server.url('/any')), options)).toEqual({ ...again, network: {} });
    const fields = { caffemodel_url: server.url('/any'), caffemodel: 'tiny.caffemodel', sha1: SHA1, gist_id: 7 };
    expect(await fetchModel(fields, options)).toMatchObject({ path: fetched.path, name: 'tiny.caffemodel', fromCache: true });
    expect(server.ranges).toHaveLength(1);
  });

  test('may be quoted, and name a SHA-256', async () => {
    server.answer(file(MODEL));
    const text = `---\ncaffemodel_url: "${server.url('/a%20b.caffemodel#part')}" \nsha256: '${hash(MODEL, 'sha256')}'\nname: tiny # small\n---\n`;
    expect(await fetchModel(text, fresh({ sha1: undefined }))).toMatchObject({
      name: 'tiny',
      url: server.url('/a%20b.caffemodel'),
      path: expect.stringMatching(/a b\.caffemodel$/),
    });
  });

  test('is the address alone, as text or as a URL', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    await fetchModel(new URL(server.url()), options);
    expect(await fetchModel(server.url(), options)).toMatchObject({ fromCache: true });
  });

  test.each([
    ['a readme without front matter', 'just\ntext', 'ERR_CAFFE_INPUT'],
    ['a front matter without an address', '---\nname: x\n---\n', 'ERR_CAFFE_INPUT'],
    ['another scheme', 'ftp://example.com/a.caffemodel', 'ERR_CAFFE_INPUT'],
    ['a password', 'http://a:b@example.com/a.caffemodel', 'ERR_CAFFE_INPUT'],
    ['no such readme', '/nonexistent/readme.md', 'ERR_CAFFE_FILE'],
    ['a name that leads elsewhere', { caffemodel_url: 'http://example.com/', caffemodel: '../x' }, 'ERR_CAFFE_INPUT'],
    ['a hidden name in the address', 'http://example.com/.bashrc', 'ERR_CAFFE_INPUT'],
    ['a name that leads elsewhere in the address', 'http://example.com/..%2fx', 'ERR_CAFFE_INPUT'],
  ])('%s is refused', async (_, source, code) => {
    const options = fresh();
    expect((await failureOf(fetchModel(source, options))).code).toBe(code);
    expect(existsSync(options.cache)).toBe(false);
  });
});

describe('an interrupted download', () => {
  test('goes on where the connection dropped, as often as it brings something', async () => {
    server.answer(...Array(4).fill(dropping(MODEL, 70_000)), file(MODEL));
    await expectWhole(fresh({ retries: 1 }));
    expect(server.ranges).toEqual([undefined, ...[1, 2, 3, 4].map((part) => `bytes=${70_000 * part}-`)]);
    expect(server.headers.map((headers) => headers['if-range'])).toEqual([undefined, ...Array(4).fill('"1"')]);
  });

  test('goes on in a later call after an abort', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    const failure = await failureOf(fetchModel(server.url(), { ...options, ...abortAfter(50_000) }));
    expect(failure).toMatchObject({ code: 'ERR_CAFFE_ABORTED', name: 'AbortError', cause: { message: 'enough' } });
    expect(await kept(options.cache)).toEqual(['net.caffemodel.part', 'net.caffemodel.part.json']);
    await expectWhole(options);
    expect(server.ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d{5,}-$/)]);
  });

  test('begins anew when the server has another file by then', async () => {
    server.answer(dropping(OTHER, 100_000, '"0"'), file(MODEL));
    await expectWhole(fresh());
    expect(server.ranges).toEqual([undefined, 'bytes=100000-']);
  });

  test('begins anew on a server without ranges', async () => {
    const plain = status(200, { 'content-length': String(MODEL.length) }, MODEL);
    server.answer(dropping(MODEL, 100_000), plain);
    await expectWhole(fresh());
    expect(server.ranges).toEqual([undefined, 'bytes=100000-']);
  });

  test('goes by the time of the last change where there is no strong tag', async () => {
    const changed = { 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT', etag: 'W/"weak"' };
    const cut: Answer = (_, response, from) => {
      response.writeHead(200, { ...changed, 'content-length': MODEL.length });
      drop(response, MODEL.subarray(0, 1000), from);
    };
    server.answer(cut, status(200, changed, MODEL));
    await expectWhole(fresh());
    expect(server.headers[1]).toMatchObject({ range: 'bytes=1000-', 'if-range': 'Wed, 21 Oct 2015 07:28:00 GMT' });
  });

  test('that was whole already is only verified', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    await failureOf(fetchModel(server.url(), { ...options, ...abortAfter(MODEL.length) }));
    await expectWhole(options);
    expect(server.ranges).toHaveLength(1);
  });

  test('of an unknown beginning begins anew', async () => {
    server.answer(file(MODEL));
    const options = fresh();
    const folder = path.join(options.cache, SHA1.slice(0, 16));
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'net.caffemodel.part'), 'something');
    writeFileSync(path.join(folder, 'net.caffemodel.part.json'), '{ half');
    await expectWhole(options);
    expect(server.ranges).toEqual([undefined]);
  });

  test.each<[string, Parameters<FileServer['answer']>]>([
    ['that lie about their place', [(_, response) => void response.writeHead(206, { 'content-range': 'bytes 5-9/300000' }).end('12345')]],
    [
      'of a file of another size',
      [(_, response) => void response.writeHead(206, { 'content-range': 'bytes 100000-100004/9' }).end('12345')],
    ],
    ['without a place', [status(206, {}, 'x')]],
    ['that are refused', [status(416)]],
    ['of another file', [file(OTHER)]],
  ])('begins anew when the server sends ranges %s', async (_, [wrong]) => {
    server.answer(dropping(MODEL, 100_000), wrong as never, file(MODEL));
    await expectWhole(fresh());
    expect(server.ranges).toEqual([undefined, 'bytes=100000-', undefined]);
  });
});

describe('a failure', () => {
  /** @returns the failure, of a download that left nothing but what it may go on from. */
  async function failure(options: FetchOptions & { cache: string }, left: string[] = []) {
    const error = await failureOf(fetchModel(server.url(), options));
    expect(await kept(options.cache)).toEqual(left);
    server.answer(file(MODEL));
    await expectWhole(options);
    return error;
  }

  test('a wrong checksum leaves nothing', async () => {
    server.answer(file(OTHER));
    const error = await failure(fresh());
    expect(error).toMatchObject({ code: 'ERR_CAFFE_CHECKSUM' });
    expect(error.message).toContain(SHA1);
    expect(error.message).toContain(hash(OTHER));
    server.answer(file(MODEL));
    const sha256 = hash(OTHER, 'sha256');
    expect((await failureOf(fetchModel(server.url(), fresh({ sha256 })))).message).toContain('SHA-256');
  });

  test('a wrong checksum of a file in two parts is one only after a whole attempt', async () => {
    server.answer(dropping(OTHER, 100_000), file(OTHER));
    expect(await failureOf(fetchModel(server.url(), fresh()))).toMatchObject({ code: 'ERR_CAFFE_CHECKSUM' });
    expect(server.ranges).toEqual([undefined, 'bytes=100000-', undefined]);
  });

  test.each([401, 403, 404, 410, 400])('status %d is final', async (code) => {
    server.answer(status(code));
    const options = fresh();
    const error = await failureOf(fetchModel(server.url(), options));
    expect(error).toMatchObject({ code: 'ERR_CAFFE_FETCH', message: expect.stringContaining(String(code)) });
    expect(error.hint === undefined).toBe(code === 400);
    expect(server.ranges).toHaveLength(1);
    await failure(options);
  });

  test.each([503, 429])('status %d may pass', async (code) => {
    server.answer(status(code, { 'retry-after': '0' }), status(code), file(MODEL));
    await expectWhole(fresh());
    server.answer(status(code));
    expect(await failure(fresh({ retries: 1 }))).toMatchObject({ code: 'ERR_CAFFE_FETCH', message: expect.stringContaining(String(code)) });
  });

  test('silence', async () => {
    server.answer(stalling(MODEL, 5000));
    const error = await failure(fresh({ timeout: 150, retries: 0 }), ['net.caffemodel.part', 'net.caffemodel.part.json']);
    expect(error).toMatchObject({
      code: 'ERR_CAFFE_FETCH',
      message: expect.stringContaining('silent for 0.15 s'),
      hint: expect.stringContaining('5000'),
    });
    server.answer(() => {});
    expect((await failure(fresh({ timeout: 150, retries: 0 }))).message).toContain('silent');
  });

  test('a connection that always drops in the same place', async () => {
    const cut: Answer = (_, response, from) => {
      response.writeHead(200, { 'content-length': MODEL.length });
      drop(response, MODEL.subarray(0, 1000), from);
    };
    server.answer(cut);
    await failure(fresh({ retries: 2 }), ['net.caffemodel.part', 'net.caffemodel.part.json']);
  });

  test('a length that is shorter than the file', async () => {
    server.answer((_, response) => {
      response.socket?.end(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n${MODEL.toString('latin1')}`, 'latin1');
    });
    const { code } = await failureOf(fetchModel(server.url(), fresh({ retries: 0 })));
    expect(['ERR_CAFFE_CHECKSUM', 'ERR_CAFFE_FETCH']).toContain(code);
  });

  test('nobody there', async () => {
    const gone = await startFileServer();
    await gone.close();
    expect(await failureOf(fetchModel(gone.url(), fresh({ retries: 0 })))).toMatchObject({
      code: 'ERR_CAFFE_FETCH',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('a listener that throws', async () => {
    server.answer(file(MODEL));
    const onProgress = () => {
      throw new Error('tired');
    };
    const options = fresh();
    expect(await failureOf(fetchModel(server.url(), { ...options, onProgress }))).toMatchObject({
      code: 'ERR_CAFFE_CALLBACK',
      cause: { message: 'tired' },
    });
    await expectWhole(options);
  });

  test('a signal that was aborted before', async () => {
    server.answer(file(MODEL));
    const options = fresh({ signal: AbortSignal.abort() });
    expect((await failureOf(fetchModel(server.url(), options))).code).toBe('ERR_CAFFE_ABORTED');
    expect(existsSync(options.cache)).toBe(false);
  });

  test('an abort while the server is silent, and while the next attempt waits', async () => {
    for (const answer of [() => {}, status(503, { 'retry-after': '60' })]) {
      server.answer(answer);
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      const error = await failureOf(fetchModel(server.url(), fresh({ signal: controller.signal })));
      expect(error.code).toBe('ERR_CAFFE_ABORTED');
      expect(server.ranges).toHaveLength(1);
    }
  });

  test('a cache that cannot be made', async () => {
    writeFileSync(at('taken'), '');
    expect(await failureOf(fetchModel(server.url(), fresh({ cache: at('taken/cache') })))).toMatchObject({ code: 'ERR_CAFFE_FILE' });
  });
});

describe('what servers do on the way', () => {
  test('a redirect, relative or not, is followed', async () => {
    server.answer(status(302, { location: '/b' }), status(308, { location: server.url('/c') }), file(MODEL));
    const fetched = await fetchModel(server.url('/a.caffemodel'), fresh());
    expect(fetched.url).toBe(server.url('/a.caffemodel'));
    expect(path.basename(fetched.path)).toBe('a.caffemodel');
  });

  test('a redirect is followed again when a download is resumed', async () => {
    const away = status(302, { location: '/b' });
    server.answer(away, dropping(MODEL, 100_000), away, file(MODEL));
    await expectWhole(fresh());
    expect(server.ranges).toEqual([undefined, undefined, 'bytes=100000-', 'bytes=100000-']);
  });

  test('a circle of redirects, and redirects to nowhere, are refused', async () => {
    server.answer(status(302, { location: '/net.caffemodel' }));
    expect(await failureOf(fetchModel(server.url(), fresh()))).toMatchObject({
      code: 'ERR_CAFFE_FETCH',
      message: expect.stringContaining('10 times'),
    });
    for (const location of ['file:///etc/passwd', 'http://', '']) {
      server.answer(status(302, location === '' ? {} : { location }));
      expect((await failureOf(fetchModel(server.url(), fresh()))).code).toBe('ERR_CAFFE_FETCH');
    }
  });

  test('a redirect out of encryption is refused', () => {
    const reply = (location: string) => ({ headers: new Headers({ location }) });
    expect(redirectOf(reply('https://b/x'), 'https://a/')).toBe('https://b/x');
    expect(redirectOf(reply('https://b/x'), 'http://a/')).toBe('https://b/x');
    expect(redirectOf(reply('//b/x'), 'https://a/')).toBe('https://b/x');
    expect(() => redirectOf(reply('http://b/x'), 'https://a/')).toThrow('out of encryption');
  });

  test('a file without a length, and a packed one', async () => {
    server.answer((_, response) => void response.writeHead(200).end(MODEL));
    await expectWhole(fresh());
    server.answer(status(200, { 'content-encoding': 'gzip' }, gzipSync(MODEL)));
    await expectWhole(fresh());
  });
});

describe('processes', () => {
  test('that want the same file fetch it once', async () => {
    let release = () => {};
    const asked = new Promise<void>((resolve) => {
      release = resolve;
    });
    server.answer((...asking) => {
      asked.then(() => file(MODEL)(...asking));
    });
    const { cache } = fresh();
    const program = JSON.stringify({ url: server.url(), cache, sha1: SHA1 });
    const children = [runChild('fetch-model.js', program), runChild('fetch-model.js', program)];
    const own: FetchProgress['stage'][] = [];
    const here = fetchModel(server.url(), { cache, sha1: SHA1, onProgress: ({ stage }) => own.push(stage) });
    // All three are there: one asks, the others wait.
    while (server.ranges.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    setTimeout(release, 500);
    const outcomes = (await Promise.all(children)).map(({ stdout }) => JSON.parse(stdout));
    const all = [...outcomes, { fromCache: (await here).fromCache }];
    expect(all.filter(({ fromCache }) => !fromCache)).toHaveLength(1);
    expect(server.ranges).toEqual([undefined]);
    expect(await kept(cache)).toEqual(['net.caffemodel']);
  });

  test('that ended without giving the lock back do not keep it', async () => {
    server.answer(stalling(MODEL, 5000));
    const { cache } = fresh();
    const { stdout } = await runChild('fetch-model.js', JSON.stringify({ url: server.url(), cache, sha1: SHA1, dieAt: 5000 }));
    expect(stdout).toBe('');
    expect(await kept(cache)).toEqual(['net.caffemodel.lock', 'net.caffemodel.part', 'net.caffemodel.part.json']);
    server.answer(file(MODEL));
    await expectWhole({ cache, sha1: SHA1 });
    expect(server.ranges).toEqual(['bytes=5000-']);
  });

  test.each([
    ['full, whatever there is of the file stays', 100, 'ERR_CAFFE_FILE', ['net.caffemodel.part', 'net.caffemodel.part.json']],
    ['roomy enough, all is well', 1000, undefined, ['net.caffemodel']],
  ])('whose disk is %s', async (_, kilobytes, code, left) => {
    server.answer(file(MODEL));
    const { cache } = fresh();
    const { stdout } = await runChild('fetch-model.js', JSON.stringify({ url: server.url(), cache, sha1: SHA1, kilobytes }));
    expect(JSON.parse(stdout).code).toBe(code);
    expect(await kept(cache)).toEqual(left);
    if (code !== undefined) expect(JSON.parse(stdout).hint).toContain('ulimit');
    server.answer(file(MODEL));
    await expectWhole({ cache, sha1: SHA1 });
  });
});

describe('withFileLock', () => {
  const settled = async () => 'done';

  test('is given back, also after a failure', async () => {
    expect(await withFileLock(at('a.lock'), {}, settled)).toBe('done');
    await expect(withFileLock(at('a.lock'), {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(at('a.lock'))).toBe(false);
  });

  test('lets one in at a time', async () => {
    let inside = 0;
    const waits = jest.fn(async () => {});
    const work = async () => {
      expect(++inside).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 30));
      inside--;
    };
    await Promise.all([1, 2, 3].map(() => withFileLock(at('b.lock'), { onWait: waits }, work)));
    expect(waits).toHaveBeenCalledTimes(2);
  });

  test('ends its waiting when it is aborted', async () => {
    const controller = new AbortController();
    await withFileLock(at('c.lock'), {}, async () => {
      const second = failureOf(withFileLock(at('c.lock'), { signal: controller.signal }, settled));
      setTimeout(() => controller.abort(), 50);
      expect((await second).code).toBe('ERR_CAFFE_ABORTED');
    });
  });

  test.each([
    ['of a process that is gone', { host: os.hostname(), pid: 2 ** 22 - 1, start: '' }, 0],
    ['of a process whose id another one has by now', { host: os.hostname(), pid: process.pid, start: 'earlier' }, 0],
    ['of another machine that is silent', { host: 'elsewhere', pid: 1, start: '' }, 100],
    ['that nobody wrote', undefined, 100],
  ])('a lock %s is broken', async (_, holder, age) => {
    writeFileSync(at('d.lock'), holder ? JSON.stringify({ token: 'x', ...holder }) : '');
    const then = Date.now() / 1000 - age;
    utimesSync(at('d.lock'), then, then);
    expect(await Promise.all([1, 2, 3].map(() => withFileLock(at('d.lock'), {}, settled)))).toEqual(['done', 'done', 'done']);
    expect((await namesIn(at())).filter((name) => name.startsWith('d.lock'))).toEqual([]);
  });

  test('a lock of another machine that lives is respected', async () => {
    writeFileSync(at('e.lock'), JSON.stringify({ token: 'x', host: 'elsewhere', pid: 1, start: '' }));
    const controller = new AbortController();
    const onWait = async () => controller.abort();
    expect((await failureOf(withFileLock(at('e.lock'), { signal: controller.signal, onWait }, settled))).code).toBe('ERR_CAFFE_ABORTED');
    expect(existsSync(at('e.lock'))).toBe(true);
  });
});

test('the cache of a user', () => {
  const home = os.homedir();
  expect(modelCacheFolder({ CAFFE_NODE_CACHE: '/c' }, 'linux')).toBe('/c/models');
  expect(modelCacheFolder({ XDG_CACHE_HOME: '/x' }, 'darwin')).toBe('/x/caffe-node/models');
  expect(modelCacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toBe(path.join(home, '.cache/caffe-node/models'));
  expect(modelCacheFolder({}, 'darwin')).toBe(path.join(home, 'Library/Caches/caffe-node/models'));
  expect(modelCacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe('/l/caffe-node/Cache/models');
});
