/**
 * A build without oneDNN: docs/setup.md tells how it is made, and CAFFE_NODE_WITHOUT_ONEDNN names the folder whose build/ holds it.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const home = process.env.CAFFE_NODE_WITHOUT_ONEDNN;
if (!home) console.warn('CAFFE_NODE_WITHOUT_ONEDNN is not set: the test of a build without oneDNN is skipped.');

(home ? test : test.skip)('the fast engine is refused by name, and Caffe runs what asks for none', () => {
  const { CAFFE_NODE_ENGINE: _, ...others } = process.env;
  const env = { ...others, CAFFE_NODE_PREBUILD: path.resolve(home ?? '') };
  const child = path.join(__dirname, 'children/without-onednn.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [child], { env, encoding: 'utf8', timeout: 60_000 });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'false false false',
    'ERR_CAFFE_UNSUPPORTED',
    'ERR_CAFFE_UNSUPPORTED',
    'ERR_CAFFE_UNSUPPORTED',
    'caffe this build of caffe-node has no oneDNN',
    '6.5 6.5',
    '3',
  ]);
});
