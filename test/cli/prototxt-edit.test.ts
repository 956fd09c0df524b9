/** The commands that read and edit a file by path and by name. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { caffeNode } from '../support/command';
import { temporaryFolder } from '../support/folders';

const at = temporaryFolder();
const withoutAddon = path.resolve(__dirname, '../children/without-addon.js');
const NET = `name: "net"
layer { name: "data" type: "Input" top: "data" }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" } # last
`;

const run = (args: string[], input = NET) =>
  caffeNode(['prototxt', ...args], { cwd: at(), input, env: { NODE_OPTIONS: `--require ${withoutAddon}` } });

test('get', async () => {
  expect(await run(['get', '-', 'layer[fc].inner_product_param.num_output'])).toMatchObject({ code: 0, stdout: '2\n', stderr: '' });
  expect((await run(['get', '-', 'stepvalue'], 'stepvalue: [1, 2]')).stdout).toBe('1\n2\n');
  expect((await run(['get', '-', 'layer[fc].inner_product_param'])).stdout).toBe('{ num_output: 2 }\n');
  expect(JSON.parse((await run(['get', '-', 'layer[fc].inner_product_param', '--json'])).stdout)).toEqual({
    path: 'layer[fc].inner_product_param',
    value: { num_output: 2 },
  });
  expect(await run(['get', '-', 'layer[fd].name'])).toMatchObject({
    code: 1,
    stderr: "caffe-node: 'standard input': There is no 'layer' named 'fd'.\nDid you mean 'fc'?\n",
  });
  expect(await run(['get', '-', 'force_backward'])).toMatchObject({ code: 1, stdout: '' });
  expect((await run(['get', '-', 'name'], 'name: }')).stderr).toContain('  1 | name: }\n    |       ^\n');
});

test.each([
  ['layer[fc].inner_product_param.num_output', '5', 'num_output: 5 }', 'layer[fc].inner_product_param.num_output: 2 → 5\n'],
  ['name', 'a b', 'name: "a b"', 'name: "net" → "a b"\n'],
  ['name', "'c'", 'name: "c"', 'name: "net" → "c"\n'],
  ['layer[fc].inner_product_param.weight_filler', '{ type: "xavier" }', 'weight_filler { type: "xavier" } }', 'added\n'],
  ['layer[fc].loss_weight', '[1, 2]', 'loss_weight: 1 loss_weight: 2', 'added\n'],
  ['layer[fc].phase', 'TEST', 'phase: TEST', 'added\n'],
])('set %s %s', async (where, value, text, note) => {
  const { code, stdout, stderr } = await run(['set', '-', where, value]);
  expect(code).toBe(0);
  expect(stdout).toContain(text);
  expect(stderr.endsWith(note)).toBe(true);
});

test('set refuses what is no value of the field, and a value that does not parse', async () => {
  for (const value of ['abc', '[', '1 2', '"5"', '{ }'])
    expect(await run(['set', '-', 'layer[fc].inner_product_param.num_output', value])).toMatchObject({ code: 1, stdout: '' });
});

test('remove, move and insert', async () => {
  const removed = await run(['remove', '-', 'layer[fc]']);
  expect(removed.stdout).toBe(NET.replace(/^.*"InnerProduct".*\n/m, ''));
  expect(removed.stderr).toBe("layer[fc]: removed\nwarning: layer 'prob' (line 3) reads 'fc', which no layer before it writes\n");
  const moved = await run(['move', '-', 'prob', '--before', 'fc', '--json']);
  expect(JSON.parse(moved.stdout)).toMatchObject({ changes: [{ kind: 'moved' }], dangling: [{ layer: 'prob', blob: 'fc' }] });
  await writeFile(at('new.prototxt'), 'layer {\n  name: "relu"\n}');
  const inserted = await run(['insert', '-', 'new.prototxt', '--after', 'fc', '--output', 'out.prototxt']);
  expect(inserted).toMatchObject({ code: 0, stdout: 'out.prototxt\n', stderr: 'layer[relu]: added\n' });
  expect(await readFile(at('out.prototxt'), 'utf8')).toBe(
    NET.replace('layer { name: "prob"', 'layer { name: "relu" }\nlayer { name: "prob"'),
  );
  expect(await run(['insert', '-', 'layer { name: "x" }', '--after', 'fd'])).toMatchObject({ code: 1 });
});

test('rename', async () => {
  const { stdout, stderr } = await run(['rename', '-', '--names', 'fc=scores', '--layers', 'data=input']);
  expect(stdout).toBe(NET.replaceAll('"fc"', '"scores"').replace('name: "data"', 'name: "input"'));
  expect(stderr).toBe('layer fc → scores, in 1 place\nlayer data → input, in 1 place\nblob fc → scores, in 2 places\n');
  expect(await run(['rename', '-', '--names', 'fc'])).toMatchObject({ code: 2 });
});

test('format', async () => {
  expect((await run(['format', '-', '--width', '0', '--indent', '4'], 'layer{name:"a"}')).stdout).toBe('layer {\n    name: "a"\n}\n');
  expect((await run(['format', '-', '--indent', 'tab'], 'layer{\nname:"a"}')).stdout).toBe('layer {\n\tname: "a"\n}\n');
  expect(await run(['format', '-', '--indent', '9'])).toMatchObject({ code: 1 });
  expect(await run(['format', '-', '--indent', 'x'])).toMatchObject({ code: 2 });
});

test('diff', async () => {
  await writeFile(at('a.prototxt'), NET);
  await writeFile(at('b.prototxt'), NET.replace('"net"', '"other"'));
  expect((await run(['diff', 'a.prototxt', 'b.prototxt'])).stdout).toContain(
    '--- a/b.prototxt\n+++ b/b.prototxt\n@@ -1,4 +1,4 @@\n-name: "net"\n+name: "other"\n',
  );
  expect(JSON.parse((await run(['diff', '-', 'b.prototxt', '--json'])).stdout).changes).toEqual([
    { kind: 'changed', path: 'name', line: 1, before: 'name: "net"', after: 'name: "other"' },
  ]);
  expect(await run(['diff', 'a.prototxt', 'a.prototxt'])).toMatchObject({ code: 0, stdout: '' });
});
