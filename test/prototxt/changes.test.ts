import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { diff, freeze, parse, retarget } from '../../lib/prototxt';
import { differences } from '../../lib/prototxt/text/alignment';
import { describeModels, errorOf, model } from './shared';

const NET = `name: "net"
layer { name: "a" type: "ReLU" bottom: "x" top: "x" }
layer {
  name: "b"
  type: "Dropout" # half
  dropout_param { dropout_ratio: 0.5 }
}
layer { name: "c" type: "Softmax" }
`;

/** Applies a unified diff as its definition says: an implementation of its own. */
function applied(text: string, patch: string): string {
  const lines = linesOf(text);
  const result: string[] = [];
  let done = 0;
  let mark = '';
  for (const line of linesOf(patch).slice(2)) {
    const [, start, count] = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@\n$/.exec(line) ?? [];
    if (start !== undefined) {
      const first = count === '0' ? Number(start) : Number(start) - 1;
      result.push(...lines.slice(done, first));
      done = first;
    } else if (line.startsWith('\\')) {
      if (mark !== '-') result.push((result.pop() ?? '').slice(0, -1)); // the line before it is the last of its text
    } else {
      mark = line.charAt(0);
      if (mark !== '+' && lines[done++]?.replace(/\n$/, '') !== line.slice(1, -1)) throw new Error(`line ${done} is not ${line}`);
      if (mark !== '-') result.push(line.slice(1));
    }
  }
  return [...result, ...lines.slice(done)].join('');
}

const linesOf = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

describe('changes as data', () => {
  const document = parse(NET);

  test('of several edits together', () => {
    const once = document.edit((edits) => edits.set('layer[b].dropout_param.dropout_ratio', 0.25));
    const twice = once.edit((edits) => {
      edits.remove('layer[a]');
      edits.insert({ name: 'd', type: 'Silence' });
      edits.set('layer[c].softmax_param.axis', 1);
    });
    expect([...twice.changes]).toEqual([
      { kind: 'removed', path: 'layer[a]', line: 2, before: 'layer { name: "a" type: "ReLU" bottom: "x" top: "x" }' },
      {
        kind: 'changed',
        path: 'layer[b].dropout_param.dropout_ratio',
        line: 5,
        before: 'dropout_ratio: 0.5',
        after: 'dropout_ratio: 0.25',
      },
      { kind: 'added', path: 'layer[c].softmax_param', line: 7, after: 'softmax_param { axis: 1 }' },
      { kind: 'added', path: 'layer[d]', line: 8, after: 'layer { name: "d" type: "Silence" }' },
    ]);
    expect([...once.changes]).toHaveLength(1);
    expect([...document.changes]).toEqual([]);
  });

  test('nothing, where the file is as it was', () => {
    const there = document.edit((edits) => edits.set('name', 'other'));
    const back = there.edit((edits) => edits.set('name', 'net'));
    expect([...back.changes]).toEqual([]);
    expect(String(back.changes)).toBe('');
  });

  test('of names, in place', () => {
    const renamed = document.edit((edits) => edits.rename({ layers: { b: 'drop' } }));
    expect([...renamed.changes]).toEqual([
      { kind: 'changed', path: 'layer[drop].name', line: 4, before: 'name: "b"', after: 'name: "drop"' },
    ]);
  });

  test('of places', () => {
    const moved = document.edit((edits) => edits.move('c', { before: 'b' }));
    expect([...moved.changes].map(({ kind, path: at }) => [kind, at])).toEqual([['moved', expect.stringMatching(/^layer\[[bc]\]$/)]]);
  });

  test('layout, notation and comments are in the unified diff only', () => {
    const changes = diff('a: 0x10 # c\nb: "x" d: [1, 2]', "a: 16\nb: 'x'\nd: [ 1,2 ]");
    expect(changes.list).toEqual([]);
    expect(String(changes)).toContain('+a: 16');
  });

  test('a path of a change leads there', () => {
    const text =
      'layer { name: "1" top: "a" } layer { name: "x" top: "a" } layer { name: "x" top: "b" } layer { name: "c]" param { } param { } }';
    const after = parse(text.replaceAll('"a"', '"z"').replaceAll('param { }', 'param { lr_mult: 1 }'));
    const changes = [...diff(text, after)];
    expect(changes.map(({ path: at }) => at)).toEqual([
      'layer["1"].top',
      'layer[1].top',
      'layer["c]"].param[0].lr_mult',
      'layer["c]"].param[1].lr_mult',
    ]);
    expect(changes.map(({ path: at }) => after.get(at))).toEqual([['z'], ['z'], 1, 1]);
  });
});

describe('changes as a unified diff', () => {
  test('as diff -u writes it', () => {
    const lines = Array.from({ length: 30 }, (_, index) => `a${index}: ${index}\n`);
    const after = lines.with(4, 'a4: 9\n').with(9, '').with(28, 'a28: 1\nnew: 1\n');
    expect(diff(lines.join(''), after.join('')).unified({ name: 'dir/x.prototxt' })).toBe(`--- a/dir/x.prototxt
+++ b/dir/x.prototxt
@@ -2,12 +2,11 @@
 a1: 1
 a2: 2
 a3: 3
-a4: 4
+a4: 9
 a5: 5
 a6: 6
 a7: 7
 a8: 8
-a9: 9
 a10: 10
 a11: 11
 a12: 12
@@ -26,5 +25,6 @@
 a25: 25
 a26: 26
 a27: 27
-a28: 28
+a28: 1
+new: 1
 a29: 29
`);
    expect(diff('a: 1', '').unified({ context: 0 })).toBe(
      '--- a/net.prototxt\n+++ b/net.prototxt\n@@ -1 +0,0 @@\n-a: 1\n\\ No newline at end of file\n',
    );
  });

  test('with a name that patch understands', () => {
    const header = (name: string) => diff('', 'a: 1\n').unified({ name }).split('\n', 2);
    expect(header('/tmp/a.prototxt')).toEqual(['--- a/tmp/a.prototxt', '+++ b/tmp/a.prototxt']);
    expect(header('./a b.prototxt')).toEqual(['--- a/a b.prototxt\t', '+++ b/a b.prototxt\t']);
    expect(header('a"\n.prototxt')).toEqual(['--- "a/a\\"\\n.prototxt"', '+++ "b/a\\"\\n.prototxt"']);
  });

  const text = fc
    .array(fc.constantFrom('a: 1', 'b: 2', '}', 'layer {', '', 'c: "x"', '\r', '# c'), { maxLength: 30 })
    .chain((lines) => fc.constantFrom('', '\n').map((end) => lines.join('\n') + end));

  test('that makes the one text of the other', () => {
    fc.assert(
      fc.property(text, text, fc.nat(4), (before, after, context) => {
        // The grammar is not what matters here: as comments, all lines are right.
        const [one, other] = [before, after].map((each) =>
          linesOf(each)
            .map((line) => `#${line}`)
            .join(''),
        );
        const patch = diff(one as string, other as string).unified({ context });
        expect(applied(one as string, patch)).toBe(other);
      }),
      { numRuns: 1000 },
    );
  });

  const git = spawnSync('git', ['--version']).status === 0;
  (git ? test : test.skip)('that git applies', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'caffe-node-diff-'));
    const name = 'my net.prototxt';
    try {
      const cases: [string, string][] = [
        [NET, NET.replace('0.5', '0.1')],
        [NET, NET.trimEnd()],
        [NET.trimEnd(), `# head\n${NET}`],
        [NET.replaceAll('\n', '\r\n'), NET.replaceAll('\n', '\r\n').replace('0.5', '0.1')],
        ['# a\n', NET],
      ];
      for (const [before, after] of cases) {
        writeFileSync(path.join(folder, name), before);
        const patch = diff(before, after).unified({ name });
        const { status, stderr } = spawnSync('git', ['apply', '-'], { cwd: folder, input: patch, encoding: 'utf8' });
        expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
        expect(readFileSync(path.join(folder, name), 'utf8')).toBe(after);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('refuses options that are none', () => {
    const { changes } = parse(NET);
    for (const options of [{ name: '' }, { name: 5 }, { context: -1 }, { context: 0.5 }, null]) {
      expect(errorOf(() => changes.unified(options as object)).code).toBe('ERR_CAFFE_INPUT');
    }
    expect(errorOf(() => diff('a {', '')).code).toBe('ERR_CAFFE_PROTOTXT');
  });
});

describe('differences of sequences', () => {
  test('leave the same items in between, whatever the sequences', () => {
    const items = fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 40 });
    fc.assert(
      fc.property(items, items, (before, after) => {
        const kept: [string[], string[]] = [[], []];
        let [first, second] = [0, 0];
        for (const gap of [
          ...differences(before, after),
          { before: { start: before.length, end: 0 }, after: { start: after.length, end: 0 } },
        ]) {
          kept[0].push(...before.slice(first, gap.before.start));
          kept[1].push(...after.slice(second, gap.after.start));
          [first, second] = [gap.before.end, gap.after.end];
        }
        expect(kept[0]).toEqual(kept[1]);
      }),
    );
  });

  test('are few where little differs, and found where much does', () => {
    const many = Array.from({ length: 20_000 }, (_, index) => (index % 3 === 0 ? '}' : `line ${index}`));
    expect(differences(many, many.toSpliced(10_000, 2, 'x'))).toEqual([
      { before: { start: 10_000, end: 10_002 }, after: { start: 10_000, end: 10_001 } },
    ]);
    expect(differences(Array(20_000).fill('a'), Array(20_000).fill('b'))).toHaveLength(1);
    expect(differences([...many].reverse(), many).length).toBeGreaterThan(0);
  });
});

describeModels('of published files', () => {
  test('retarget and freeze change what they say they change', () => {
    const before = model('bvlc_googlenet/train_val');
    const { text } = retarget(before, { classes: 5 });
    expect(
      [...diff(before, text)].filter(({ path: at }) => at.endsWith('num_output')).map(({ before: old, after }) => [old, after]),
    ).toEqual(Array(3).fill(['num_output: 1000', 'num_output: 5']));
    expect(applied(before, String(diff(before, text)))).toBe(text);
    const frozen = freeze(before, { through: 'conv1/7x7_s2' }).text;
    expect([...diff(before, frozen)].map(({ path: at }) => at)).toEqual(
      [0, 1].flatMap((index) =>
        (index === 0 ? ['lr_mult', 'decay_mult'] : ['lr_mult']).map((name) => `layer[conv1/7x7_s2].param[${index}].${name}`),
      ),
    );
  });
});
