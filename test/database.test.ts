import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { type NativeDatasetItem, native } from '../lib/native';

const root = path.resolve(__dirname, '..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'caffe-node-database-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let databases = 0;
const newPath = () => path.join(folder, `db${databases++}`);

/** An image whose pixels are told apart: value = (7·index + 31·pixel + 97·channel) mod 256. */
function item(index: number, overrides: Partial<NativeDatasetItem> = {}): NativeDatasetItem {
  const key = `${String(index).padStart(8, '0')}_${index % 2}`;
  const known = { key, label: index % 2, height: 5, width: 4, channels: 3, ...overrides };
  return { ...known, pixels: overrides.pixels ?? pixelsOf(index, known) };
}
function pixelsOf(index: number, { height, width, channels }: { height: number; width: number; channels: number }): Uint8Array {
  const pixels = new Uint8Array(Math.max(0, height * width * channels));
  for (let i = 0; i < pixels.length; i++) pixels[i] = 7 * index + 31 * Math.floor(i / channels) + 97 * (i % channels);
  return pixels;
}
const items = (count: number, overrides?: Partial<NativeDatasetItem>) => Array.from({ length: count }, (_, i) => item(i, overrides));

/** Interleaved RGB as B, G, R planes. */
function planes({ pixels, channels }: NativeDatasetItem): number[] {
  const order = channels === 3 ? [2, 1, 0] : [0];
  return order.flatMap((channel) => Array.from(pixels).filter((_, i) => i % channels === channel));
}

async function write(target: string, batches: NativeDatasetItem[][]): Promise<string> {
  const writer = await native.createDatabase(target);
  for (const batch of batches) await writer.put(batch);
  await writer.close();
  return target;
}

const failureOf = (run: () => unknown) =>
  Promise.resolve()
    .then(run)
    .then(
      () => {
        throw new Error('nothing was thrown');
      },
      (error: Error & { code: string; hint?: string; file?: string }) => error,
    );

/** Whatever the last caller did, the next one is served. */
afterEach(async () => {
  const reader = await native.openDatabase(await write(newPath(), [items(1)]));
  expect((await reader.read(0, 1))[0]?.key).toBe('00000000_0');
  await reader.close();
});

describe('writing and reading', () => {
  test('raw images come back as BGR planes, in the order of their keys', async () => {
    const all = items(50);
    const target = await write(newPath(), [all.slice(30), all.slice(0, 30)]);
    const reader = await native.openDatabase(target);
    expect(reader.count).toBe(50);
    const read = await reader.read(0, 50);
    expect(read.map(({ data, ...rest }) => ({ ...rest, data: [...data] }))).toEqual(
      all.map((one) => ({ key: one.key, label: one.label, height: 5, width: 4, channels: 3, encoded: false, data: planes(one) })),
    );
    expect((await reader.read(17, 2)).map(({ key }) => key)).toEqual(['00000017_1', '00000018_0']);
    expect(await reader.read(50, 0)).toEqual([]);
    await reader.close();
  });

  test('grey and encoded images', async () => {
    const png = Uint8Array.from({ length: 3000 }, (_, i) => i * 17);
    const reader = await native.openDatabase(
      await write(newPath(), [[item(0, { channels: 1 })], [item(1, { channels: 1, encoded: png })]]),
    );
    const [grey, encoded] = await reader.read(0, 2);
    expect(grey).toMatchObject({ channels: 1, encoded: false });
    expect([...(grey?.data ?? [])]).toEqual([...item(0, { channels: 1 }).pixels]);
    expect(encoded).toMatchObject({ channels: 1, height: 5, width: 4, label: 1, encoded: true });
    expect(Buffer.compare(encoded?.data ?? Buffer.alloc(0), png)).toBe(0);
  });

  test('keys are ordered by their bytes', async () => {
    const keys = ['b', 'B', 'ä', 'a', 'z', '10', '9', 'a\u0000', 'aa'];
    const reader = await native.openDatabase(await write(newPath(), [keys.map((key, i) => item(i, { key }))]));
    const expected = keys
      .map((key) => Buffer.from(key))
      .sort(Buffer.compare)
      .map(String);
    expect((await reader.read(0, keys.length)).map(({ key }) => key)).toEqual(expected);
  });

  test('a database outgrows its map while somebody reads it', async () => {
    const target = newPath();
    const writer = await native.createDatabase(target);
    const big = (index: number) => item(index, { height: 1000, width: 1000, pixels: new Uint8Array(3_000_000).fill(index) });
    await writer.put([big(0)]);
    const reader = await native.openDatabase(target);
    for (let i = 1; i <= 40; i += 4) {
      const put = writer.put([big(i), big(i + 1), big(i + 2), big(i + 3)]);
      expect((await reader.read(0, 1))[0]?.data.length).toBe(3_000_000);
      await put;
    }
    await writer.close();
    expect(statSync(path.join(target, 'data.mdb')).size).toBeGreaterThan(120_000_000);
    expect(reader.count).toBe(1);
    await reader.close();
    const whole = await native.openDatabase(target);
    expect(whole.count).toBe(41);
    const [last] = await whole.read(40, 1);
    expect(Buffer.compare(last?.data ?? Buffer.alloc(0), big(40).pixels)).toBe(0);
    await whole.close();
    rmSync(target, { recursive: true });
  });

  test('an empty database', async () => {
    const reader = await native.openDatabase(await write(newPath(), []));
    expect(reader.count).toBe(0);
    expect((await failureOf(() => reader.read(0, 1))).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('the mean', () => {
  test('is the mean of the pixels, BGR', async () => {
    const all = items(37);
    const writer = await native.createDatabase(newPath());
    await writer.put(all.slice(0, 20));
    await writer.put(all.slice(20));
    const mean = await writer.mean();
    const expected = planes(all[0] as NativeDatasetItem).map((_, i) =>
      Math.fround(all.reduce((sum, one) => sum + (planes(one)[i] ?? 0), 0) / all.length),
    );
    expect(mean.shape).toEqual([1, 3, 5, 4]);
    expect([...mean.data]).toEqual(expected);
    await writer.close();
  });

  test('needs images', async () => {
    const writer = await native.createDatabase(newPath());
    expect(await failureOf(() => writer.mean())).toMatchObject({
      code: 'ERR_CAFFE_DATASET',
      message: 'A dataset without images has no mean.',
    });
    await writer.close();
  });

  test('an item that is refused takes its whole batch with it', async () => {
    const target = newPath();
    const writer = await native.createDatabase(target);
    await writer.put([item(0)]);
    const refusals: [NativeDatasetItem, string][] = [
      [item(2, { width: 6 }), 'ERR_CAFFE_INPUT'],
      [item(2, { channels: 1 }), 'ERR_CAFFE_INPUT'],
      [item(2, { channels: 2 }), 'ERR_CAFFE_INPUT'],
      [item(2, { pixels: new Uint8Array(3) }), 'ERR_CAFFE_INPUT'],
      [item(2, { height: -5 }), 'ERR_CAFFE_INPUT'],
      [item(2, { height: 2 ** 30, width: 2 ** 30, pixels: new Uint8Array(0) }), 'ERR_CAFFE_INPUT'],
      [item(2, { key: 'k'.repeat(512) }), 'ERR_CAFFE_INPUT'],
      [item(2, { key: '' }), 'ERR_CAFFE_INPUT'],
      [item(0), 'ERR_CAFFE_DATASET'],
      [item(2, { label: 0.5 }), 'ERR_CAFFE_INPUT'],
      [null as unknown as NativeDatasetItem, 'ERR_CAFFE_INPUT'],
    ];
    for (const [refused, code] of refusals) expect((await failureOf(() => writer.put([item(1), refused]))).code).toBe(code);
    expect([...(await writer.mean()).data]).toEqual(planes(item(0)));
    await writer.put([item(1, { key: 'k'.repeat(511) })]);
    await writer.close();
    expect((await native.openDatabase(target)).count).toBe(2);
  });
});

describe('what cannot be opened says why', () => {
  const refusal = async (target: string) => {
    const { code, message, hint } = await failureOf(() => native.openDatabase(target));
    expect(code).toBe('ERR_CAFFE_DATASET');
    return `${message} ${hint ?? ''}`;
  };

  test('a missing folder, a file, a folder of something else', async () => {
    expect(await refusal(path.join(folder, 'nowhere'))).toContain("nowhere' does not exist.");
    expect(await refusal(__filename)).toContain('is a file; an LMDB is a folder with a data.mdb.');
    expect(await refusal(folder)).toContain('holds no data.mdb: it is not an LMDB.');
    const [dataset, leveldb] = [newPath(), newPath()];
    mkdirSync(dataset);
    await write(path.join(dataset, 'train_db'), [items(2)]);
    expect(await refusal(dataset)).toContain('Its databases are train_db and val_db inside.');
    mkdirSync(leveldb);
    writeFileSync(path.join(leveldb, 'CURRENT'), 'MANIFEST-000002\n');
    expect(await refusal(leveldb)).toContain('is a LevelDB');
  });

  test('a data.mdb of something else', async () => {
    for (const content of ['', 'hello', Buffer.alloc(100_000), Buffer.alloc(100_000, 0xff)]) {
      const target = newPath();
      mkdirSync(target);
      writeFileSync(path.join(target, 'data.mdb'), content);
      expect(await refusal(target)).toMatch(/is not an LMDB database|is cut short/);
    }
  });

  test('entries that are no images', async () => {
    const target = await write(newPath(), [[item(0, { encoded: Uint8Array.from({ length: 100 }, () => 1) })]]);
    const file = path.join(target, 'data.mdb');
    const bytes = readFileSync(file);
    for (let at = bytes.indexOf('00000000_0'); at >= 0; at = bytes.indexOf('00000000_0', at + 1)) bytes.fill(0xff, at + 10, at + 30);
    writeFileSync(file, bytes);
    const reader = await native.openDatabase(target);
    expect(await failureOf(() => reader.read(0, 1))).toMatchObject({
      code: 'ERR_CAFFE_DATASET',
      message: expect.stringContaining("The entry '00000000_0' is not an image"),
    });
  });

  test('a path that exists, or cannot be made', async () => {
    const target = await write(newPath(), [items(1)]);
    expect(await failureOf(() => native.createDatabase(target))).toMatchObject({
      code: 'ERR_CAFFE_DATASET',
      message: expect.stringContaining('exists already'),
    });
    expect((await native.openDatabase(target)).count).toBe(1);
    expect((await failureOf(() => native.createDatabase(path.join(folder, 'no', 'such')))).code).toBe('ERR_CAFFE_FILE');
    expect((await failureOf(() => native.createDatabase(path.join(__filename, 'inside')))).code).toBe('ERR_CAFFE_FILE');
    expect((await failureOf(() => native.createDatabase(undefined as unknown as string))).code).toBe('ERR_CAFFE_INPUT');
  });
});

describe('closing', () => {
  test('twice is once, and afterwards nothing works', async () => {
    const target = newPath();
    const writer = await native.createDatabase(target);
    const put = writer.put(items(3));
    await Promise.all([writer.close(), writer.close()]);
    await put;
    await writer.close();
    expect((await failureOf(() => writer.put([]))).code).toBe('ERR_CAFFE_DISPOSED');
    expect((await failureOf(() => writer.mean())).code).toBe('ERR_CAFFE_DISPOSED');

    const reader = await native.openDatabase(target);
    const read = reader.read(0, 3);
    await Promise.all([reader.close(), reader.close()]);
    expect(await read).toHaveLength(3);
    expect((await failureOf(() => reader.read(0, 1))).code).toBe('ERR_CAFFE_DISPOSED');
  });

  test('a reader that is closed leaves the others alone', async () => {
    const target = await write(newPath(), [items(20)]);
    const [first, second] = await Promise.all([native.openDatabase(target), native.openDatabase(`${target}/../${path.basename(target)}`)]);
    const [a, b] = await Promise.all([first.read(0, 20), second.read(0, 20)]);
    expect(a).toEqual(b);
    await first.close();
    expect(await second.read(0, 20)).toEqual(a);
  });

  test('methods need no receiver, and take none', async () => {
    const { read } = await native.openDatabase(await write(newPath(), [items(1)]));
    expect(await read.call({} as never, 0, 1)).toHaveLength(1);
  });

  test('ranges outside of the database are refused', async () => {
    const reader = await native.openDatabase(await write(newPath(), [items(3)]));
    for (const [start, count] of [
      [0, 4],
      [-1, 1],
      [3, 1],
      [1, -1],
      [2 ** 31 - 1, 2 ** 31 - 1],
      [0.5, 1],
    ] as const) {
      expect((await failureOf(() => reader.read(start, count))).code).toBe('ERR_CAFFE_INPUT');
    }
    expect(await reader.read(1, 2)).toHaveLength(2);
  });
});

/** Runs a script with the addon in a child process: a crash there is a signal here. */
function child(script: string, args: string[], { before = '', flags = [] as string[] } = {}) {
  const command = `${before} exec "$0" "$@"`;
  const prelude = `const native = require('node-gyp-build')(${JSON.stringify(root)});
    native.initialize({ CaffeError: class extends Error { constructor(code, message) { super(message); this.code = code; } }, enterCallback() {}, currentCallback() {} });
    const args = process.argv.slice(1);
    (async () => { ${script} })().catch((error) => { console.log('failed', error.code, error.message); });`;
  const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', command, process.execPath, ...flags, '-e', prelude, ...args], {
    cwd: root,
  });
  return { status, signal, lines: stdout.toString().trim().split('\n'), stderr: stderr.toString() };
}

const READ_ALL = `for (const target of args) {
  try {
    const reader = await native.openDatabase(target);
    let bytes = 0;
    for (let i = 0; i < reader.count; i++) bytes += (await reader.read(i, 1))[0].data.length;
    await reader.close();
    console.log('read', reader.count, bytes);
  } catch (error) { console.log(error.code); }
}`;

describe('in a process of its own', () => {
  test('a file cut anywhere is refused, not a SIGBUS', async () => {
    const original = await write(newPath(), [items(200), [item(300, { encoded: new Uint8Array(9000) })]]);
    const { size } = statSync(path.join(original, 'data.mdb'));
    const cuts = [1, 100, 152, 4096, 4200, 8192, 8193, 12288, 16384, Math.floor(size / 2), size - 4096, size - 1, size];
    const copies = cuts.map((cut) => {
      const copy = newPath();
      cpSync(original, copy, { recursive: true });
      truncateSync(path.join(copy, 'data.mdb'), cut);
      return copy;
    });
    const { signal, status, lines, stderr } = child(READ_ALL, copies);
    expect({ signal, status, stderr }).toEqual({ signal: null, status: 0, stderr: '' });
    expect(lines.at(-1)).toBe(`read 201 ${200 * 60 + 9000}`);
    expect(lines.slice(0, 10)).toEqual(Array(10).fill('ERR_CAFFE_DATASET'));
    expect(lines).toHaveLength(cuts.length);
  });

  test('a file with damaged bytes is read or refused, not a crash', async () => {
    const original = await write(newPath(), [items(120), [item(300, { encoded: new Uint8Array(9000) })]]);
    const bytes = readFileSync(path.join(original, 'data.mdb'));
    let state = 7;
    const random = (below: number) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    const copies = Array.from({ length: 200 }, () => {
      const copy = newPath();
      const damaged = Buffer.from(bytes);
      for (let i = 0; i < 6; i++) {
        const page = random(bytes.length / 4096) * 4096;
        damaged[page + random(random(2) ? 64 : 4096)] = random(256);
      }
      mkdirSync(copy);
      writeFileSync(path.join(copy, 'data.mdb'), damaged);
      return copy;
    });
    const { signal, status, lines } = child(READ_ALL, copies);
    expect({ signal, status }).toEqual({ signal: null, status: 0 });
    expect(lines).toHaveLength(copies.length);
    for (const line of lines) expect(line).toMatch(/^(read \d+ \d+|ERR_CAFFE_DATASET)$/);
    for (const copy of copies) rmSync(copy, { recursive: true });
  });

  test('a full disk fails the batch and spares the ones before it', async () => {
    const target = newPath();
    const script = `const [target] = args;
      const writer = await native.createDatabase(target);
      const batch = (first) => Array.from({ length: 10 }, (_, i) => ({ key: 'k' + (first + i), label: 0, height: 100, width: 100, channels: 1, pixels: new Uint8Array(10000) }));
      let stored = 0;
      try { for (;; stored += 10) await writer.put(batch(1000 + stored)); } catch (error) { console.log(error.code); }
      await writer.close();
      console.log(stored > 0 && stored === (await native.openDatabase(target)).count);`;
    const { signal, lines } = child(script, [target], { before: 'ulimit -f 2048;' });
    expect({ signal, lines }).toEqual({ signal: null, lines: ['ERR_CAFFE_FILE', 'true'] });
  });

  test('garbage collection in mid-flight', async () => {
    const target = await write(newPath(), [items(300)]);
    const script = `const [target] = args;
      for (let round = 0; round < 20; round++) {
        let reader = await native.openDatabase(target);
        const reads = [reader.read(0, 300), reader.read(100, 50)];
        reader = null;
        global.gc();
        const [all, some] = await Promise.all(reads);
        if (all.length !== 300 || some[0].key !== all[100].key) throw new Error('wrong');
        await new Promise(setImmediate);
        global.gc();
      }
      let writer = await native.createDatabase(target + '-unclosed');
      const put = writer.put([{ key: 'a', label: 0, height: 1, width: 1, channels: 1, pixels: new Uint8Array(1) }]);
      writer = null;
      global.gc();
      await put;
      global.gc();
      console.log('fine', (await native.openDatabase(target + '-unclosed')).count);`;
    const { signal, status, lines, stderr } = child(script, [target], { flags: ['--expose-gc'] });
    expect({ signal, status, lines, stderr }).toEqual({ signal: null, status: 0, lines: ['fine 1'], stderr: '' });
  });

  test('leaving while a read is under way', async () => {
    const target = await write(newPath(), [items(500)]);
    for (const leave of ['process.exit(0)', 'return']) {
      const { signal, status } = child(`const reader = await native.openDatabase(args[0]); reader.read(0, 500); ${leave};`, [target]);
      expect({ signal, status }).toEqual({ signal: null, status: 0 });
    }
  });

  test('many workers on one file', async () => {
    const target = await write(newPath(), [items(100)]);
    const script = `const { workerData, parentPort } = require('node:worker_threads');
      const native = require('node-gyp-build')(workerData.root);
      native.initialize({ CaffeError: Error, enterCallback() {}, currentCallback() {} });
      (async () => {
        let sum = 0;
        for (let round = 0; round < 20; round++) {
          const reader = await native.openDatabase(workerData.target);
          sum += (await reader.read(0, 100)).length;
          if (round % 2) await reader.close();
        }
        parentPort.postMessage(sum);
      })();`;
    const sums = await Promise.all(
      Array.from({ length: 6 }, () => {
        const worker = new Worker(script, { eval: true, workerData: { root, target } });
        return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      }),
    );
    expect(sums).toEqual(Array(6).fill(2000));
  });

  test('a folder without write permission is read without its lock file', async () => {
    if (process.getuid?.() === 0 && spawnSync('setpriv', ['--help']).error) return;
    const target = await write(newPath(), [items(5)]);
    spawnSync('chmod', ['-R', 'a-w,a+rX', target]);
    spawnSync('chmod', ['a+rx', folder]);
    const before = process.getuid?.() === 0 ? 'set -- setpriv --reuid 65534 --clear-groups "$0" "$@"; exec "$@";' : '';
    const { signal, lines } = child(READ_ALL, [target], { before });
    spawnSync('chmod', ['-R', 'u+w', target]);
    expect({ signal, lines }).toEqual({ signal: null, lines: [`read 5 ${5 * 60}`] });
  });
});

test('nothing but the databases was left behind', () => {
  expect(existsSync(folder) && readdirSync(folder).every((name) => name.startsWith('db'))).toBe(true);
});
