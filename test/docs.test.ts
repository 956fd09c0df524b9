import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '..');
const documents = ['README.md', ...readdirSync(path.join(root, 'docs')).map((name) => `docs/${name}`)];

/** The TypeScript examples of a document as one module: a reader takes them in order, too. */
function examplesIn(document: string): string {
  return [...readFileSync(path.join(root, document), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]).join('\n');
}

test('every example in the documents compiles against the package as it is built', () => {
  // Inside the checkout, so that 'caffe-node' means this package; modules, so that await may stand at the top.
  const folder = path.join(root, 'build/examples');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const modules = documents.map((document) => [path.basename(document, '.md'), examplesIn(document)] as const).filter(([, text]) => text);
  expect(modules.map(([name]) => name)).toEqual(expect.arrayContaining(['README', 'guide', 'prototxt']));
  for (const [name, text] of modules) writeFileSync(path.join(folder, `${name}.mts`), text);
  writeFileSync(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: { noEmit: true, rootDir: '../..', noUnusedLocals: false },
      include: ['*.mts'],
    }),
  );
  const tsc = spawnSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
  expect(tsc.stdout + tsc.stderr).toBe('');
  expect(tsc.status).toBe(0);
});

test('every link in the documents leads to a file', () => {
  for (const document of documents) {
    const folder = path.dirname(path.join(root, document));
    for (const [, link] of readFileSync(path.join(root, document), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
      expect(() => readFileSync(path.join(folder, link ?? ''))).not.toThrow();
    }
  }
});

test('every row of the pycaffe tables names a test that is there, or says that it is not offered', () => {
  const rows = readFileSync(path.join(root, 'docs/pycaffe.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (-|pycaffe |Caffe )/.test(line))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  expect(rows.length).toBeGreaterThan(60);
  for (const [, item, ours = '', tests = ''] of rows) {
    const named = [...tests.matchAll(/`([^`]+\.test\.ts)`: (.+?)(?=; `|$)/g)];
    if (named.length === 0) expect([item, ours]).toEqual([item, expect.stringMatching(/^not (offered|yet)/)]);
    for (const [, file = '', name = ''] of named) {
      const text = readFileSync(path.join(root, 'test', file), 'utf8').replaceAll("\\'", "'");
      expect([item, file, text.includes(name) || name]).toEqual([item, file, true]);
    }
  }
});
