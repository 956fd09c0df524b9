/** Every public function has bad input in the corpus: whoever exports another one is told here. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { casesOf, TOPICS } from './support/corpus';

const api = require('../..');
const { exportsOf, ofClass } = require('./support/exports');

const cases = TOPICS.flatMap(casesOf);
/** Layers of every type misconfigured are a corpus of their own. */
const LEAST = 300;

test('every topic has its tests', () => {
  for (const topic of TOPICS) expect(existsSync(path.join(__dirname, `${topic}.test.ts`))).toBe(true);
});

test('every export, static member and instance member has a case', async () => {
  const net = await api.Net.from('layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 } } }');
  const names: string[] = [...exportsOf(api), ...ofClass(net.blobs.d.constructor, 'Blob')];
  await net.dispose();
  const covered = new Set(cases.map((bad) => bad.api));
  expect(names.filter((name) => !covered.has(name))).toEqual([]);
});

test('no case is for something that is not exported', async () => {
  const net = await api.Net.from('layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 1 } } }');
  const names = new Set<string>([...exportsOf(api), ...ofClass(net.blobs.d.constructor, 'Blob')]);
  await net.dispose();
  expect(cases.filter((bad) => !names.has(bad.api)).map((bad) => bad.api)).toEqual([]);
});

test('there are at least 300 bad inputs, each with a name of its own', () => {
  const names = cases.map((bad) => `${bad.api}: ${bad.name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(cases.filter((bad) => bad.code !== 'none').length).toBeGreaterThanOrEqual(LEAST);
});
