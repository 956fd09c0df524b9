import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { caffeNode, start } from '../support/command';
import { type FileServer, file, stalling, startFileServer } from '../support/file-server';
import { namesIn, temporaryFolder } from '../support/folders';

const at = temporaryFolder();
const MODEL = Buffer.alloc(2_340_000, 'caffe');
const SHA1 = createHash('sha1').update(MODEL).digest('hex');
const folder = at('cache', SHA1.slice(0, 16));
let server: FileServer;

beforeAll(async () => {
  server = await startFileServer();
});
afterAll(() => server.close());

test('fetch says where the model is, and goes on where Ctrl-C ended it', async () => {
  server.answer(stalling(MODEL, 100_000));
  const args = ['fetch', server.url(), '--sha1', SHA1, '--cache', at('cache')];
  const running = start(args);
  const part = path.join(folder, 'net.caffemodel.part');
  while (!existsSync(part) || statSync(part).size < 100_000) await new Promise((resolve) => setTimeout(resolve, 20));
  running.child.kill('SIGINT');
  expect(await running.finished).toMatchObject({ code: 130, signal: null, stdout: '', stderr: '' });
  expect(await namesIn(folder)).toEqual(['net.caffemodel.part', 'net.caffemodel.part.json']);

  server.answer(file(MODEL));
  const { code, stdout } = await caffeNode(args);
  const place = path.join(folder, 'net.caffemodel');
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${place}\n  net.caffemodel: 2.3 MB, SHA-1 ${SHA1}\n` });
  expect(server.ranges).toEqual(['bytes=100000-']);
  expect((await caffeNode(args)).stdout).toContain('was there already');
});

test('fetch reads a readme, and answers machines', async () => {
  server.answer(file(MODEL));
  await writeFile(at('readme.md'), `---\nname: Tiny\ncaffemodel_url: ${server.url()}\nsha1: ${SHA1}\nlicense: unrestricted\n---\n`);
  await writeFile(at('deploy.prototxt'), '');
  const args = ['fetch', at('readme.md'), '--cache', at('other')];
  const { stdout } = await caffeNode([...args, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'Tiny', sha1: SHA1, fromCache: false, network: { deploy: at('deploy.prototxt') } });
  expect((await caffeNode(args)).stdout).toMatch(
    /Tiny: 2\.3 MB.*\n {2}license: unrestricted\n {2}beside the readme: .*deploy\.prototxt\n$/,
  );
});

test('fetch fails like any other command', async () => {
  server.answer(file(Buffer.from('another')));
  const wrong = await caffeNode(['fetch', server.url(), '--sha1', SHA1, '--cache', at('wrong')]);
  expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('not the file it should be') });
  expect(await caffeNode(['fetch', server.url()])).toMatchObject({ code: 1, stderr: expect.stringContaining('unverified') });
  expect(await caffeNode(['fetch', at('nowhere'), '--cache', at('wrong')])).toMatchObject({ code: 1 });
  expect(await caffeNode(['fetch', server.url(), '--retries', '-1'])).toMatchObject({ code: 2 });
});
