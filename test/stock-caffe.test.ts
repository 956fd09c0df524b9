/**
 * A Caffe of the user's own, with Google's logging library, which cannot return from a failed check (DESIGN section 6). It takes an addon
 * that was built against one: docs/setup.md tells how, and CAFFE_NODE_STOCK_CAFFE names the folder whose build/ holds it.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const home = process.env.CAFFE_NODE_STOCK_CAFFE;
if (!home) console.warn('CAFFE_NODE_STOCK_CAFFE is not set: the test of a Caffe with the real glog is skipped.');

(home ? test : test.skip)('a failed check parks its thread: the call rejects, other nets go on, the process ends', () => {
  const env = { ...process.env, CAFFE_NODE_PREBUILD: path.resolve(home ?? '') };
  const child = path.join(__dirname, 'children/parked.js');
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [child], { env, encoding: 'utf8', timeout: 60_000 });
  // The terminal stays silent: glog would announce the stack trace of a failed check.
  expect({ status, signal, stderr }).toEqual({ status: 0, signal: null, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'false',
    'ERR_CAFFE_FATAL true include/caffe/layer_factory.hpp',
    '6',
    expect.stringMatching(/^ERR_CAFFE_(FATAL|SHAPE)$/),
    'ERR_CAFFE_DISPOSED',
    '1×2',
    '6',
  ]);
});
