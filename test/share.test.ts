import { Worker } from 'node:worker_threads';
import { caffe } from '../lib/caffe';
import { Net, type NetHandle } from '../lib/net';
import { Solver } from '../lib/solver';
import { runChild } from './support/child';
import { failureOf } from './support/failure';
import { LINEAR, TINY } from './support/networks';
import { wave } from './support/shared';

describe('in one thread', () => {
  test('an attached net computes with the same parameters, and blobs of its own', async () => {
    const net = await Net.from(LINEAR);
    const handle = structuredClone(net.share());
    const [one, other] = await Promise.all([Net.attach(handle), Net.attach(handle)]);
    expect(one.layers.map((layer) => layer.name)).toEqual(['data', 'fc']);
    net.params.fc?.[1]?.set([10, 20]);
    for (const attached of [one, other]) {
      expect(Array.from((await attached.forward({ data: [1, 2, 3] })).fc?.data ?? [])).toEqual([16, 26]);
    }
    one.params.fc?.[0]?.data.fill(0);
    expect(Array.from((await net.forward({ data: [1, 1, 1] })).fc?.data ?? [])).toEqual([10, 20]);
    expect(Array.from(other.blobs.data?.data ?? [])).toEqual([1, 2, 3]);
    // Sharing again, from either end, is the same.
    expect(net.share()).toEqual(handle);
    expect(one.share()).toEqual(handle);
    await Promise.all([net, one, other].map((each) => each.dispose()));
  });

  test('the parameters live while anybody holds them, and no longer', async () => {
    const net = await Net.from(LINEAR);
    net.params.fc?.[1]?.set([1, 2]);
    const handle = net.share();
    const attached = await Net.attach(handle);
    await net.dispose();
    const second = await Net.attach(handle);
    await attached.dispose();
    expect(Array.from((await second.forward({ data: [0, 0, 0] })).fc?.data ?? [])).toEqual([1, 2]);
    await second.dispose();
    expect(await failureOf(Net.attach(handle))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED', hint: expect.stringContaining('Dispose') });
  });

  test('a net that shares another’s parameters lets go of its own', async () => {
    const [net, other] = await Promise.all([Net.from(LINEAR), Net.from(LINEAR)]);
    const handle = net.share();
    net.shareWith(other);
    expect(await failureOf(Net.attach(handle))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    other.params.fc?.[1]?.set([7, 8]);
    const attached = await Net.attach(net.share());
    expect(Array.from((await attached.forward({ data: [0, 0, 0] })).fc?.data ?? [])).toEqual([7, 8]);
    await Promise.all([net, other, attached].map((each) => each.dispose()));
  });

  test('handles that are none', async () => {
    const net = await Net.from(LINEAR);
    const handle = net.share();
    for (const forged of [
      undefined,
      null,
      5,
      'handle',
      {},
      [],
      { id: handle.id },
      { ...handle, process: 'another' },
      { ...handle, id: handle.id + 1000 },
      { ...handle, id: 0 },
      { ...handle, id: -1 },
      { ...handle, id: 1.5 },
      { ...handle, id: '1' },
    ]) {
      expect(await failureOf(Net.attach(forged as NetHandle))).toMatchObject({ code: 'ERR_CAFFE_INPUT' });
    }
    const run = net.forward();
    expect(() => net.share()).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_BUSY' }));
    await run;
    await net.dispose();
    expect(() => net.share()).toThrow(expect.objectContaining({ code: 'ERR_CAFFE_DISPOSED' }));
  });

  test('the net of a solver is shared while it learns', async () => {
    const solver = await Solver.from(`net_param { ${TINY} } base_lr: 0.1 lr_policy: "fixed" random_seed: 1`);
    const watcher = await Net.attach(solver.net.share());
    expect(watcher.phase).toBe('train');
    solver.net.blobs.data?.set(wave(8 * 72, 1));
    const before = watcher.params.fc?.[0]?.data.slice();
    await solver.step(2);
    expect(watcher.params.fc?.[0]?.data).not.toEqual(before);
    expect(watcher.params.fc?.[0]?.data).toEqual(solver.net.params.fc?.[0]?.data);
    await solver.dispose();
    expect((await watcher.forward()).loss?.data[0]).toBeGreaterThan(0);
    await watcher.dispose();
  });

  test('a training gives way to the runs of nets that share its parameters', async () => {
    caffe.setLanes(2);
    const solver = await Solver.from(`net_param { ${TINY} } base_lr: 0.001 lr_policy: "fixed"`);
    const watcher = await Net.attach(solver.net.share());
    const controller = new AbortController();
    const steps = solver.step(1_000_000, { signal: controller.signal }).then(
      () => 'all steps',
      () => 'aborted',
    );
    // Would wait for a million iterations if the lock were not handed on.
    for (let run = 0; run < 3; run++) expect((await watcher.forward()).loss?.data[0]).toBeGreaterThan(0);
    controller.abort();
    expect(await steps).toBe('aborted');
    await Promise.all([solver.dispose(), watcher.dispose()]);
    caffe.setLanes(1);
  });

  test('tensors and handles survive postMessage', async () => {
    const net = await Net.from(LINEAR);
    const outputs = await net.forward({ data: [1, 2, 3] });
    const worker = new Worker(`require('node:worker_threads').parentPort.once('message', function (m) { this.postMessage(m) })`, {
      eval: true,
    });
    const answer = new Promise<unknown>((resolve) => worker.once('message', resolve));
    worker.postMessage({ fc: outputs.fc, handle: net.share() });
    expect(await answer).toEqual({ fc: { shape: [1, 2], data: Float32Array.of(6.5, 6.5) }, handle: net.share() });
    await worker.terminate();
    await net.dispose();
  });
});

describe('between threads', () => {
  test('workers compute with the parameters of the main thread, and change them', async () => {
    expect(await runChild('share.js', 'computes in workers')).toEqual({ code: 0, signal: null, stdout: '22 32\n100\n', stderr: '' });
  });

  test('the parameters outlive the thread that shared them', async () => {
    expect(await runChild('share.js', 'outlives its thread')).toEqual({
      code: 0,
      signal: null,
      stdout: '6 ERR_CAFFE_DISPOSED\n',
      stderr: '',
    });
  });

  test('a worker that is terminated in the middle of a run lets the others go on', async () => {
    expect(await runChild('share.js', 'is terminated in the middle of a run')).toEqual({
      code: 0,
      signal: null,
      stdout: 'went on\n',
      stderr: '',
    });
  });

  test('a run that waits for another thread’s can be aborted', async () => {
    expect(await runChild('share.js', 'aborts a run that waits')).toEqual({
      code: 0,
      signal: null,
      stdout: 'ERR_CAFFE_ABORTED\n',
      stderr: '',
    });
  });

  test('attached nets do not multiply the memory of the parameters', async () => {
    const { code, stdout, stderr } = await runChild('share.js', 'measures memory');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { parameters, grown } = JSON.parse(stdout) as { parameters: number; grown: number };
    console.info(`Four nets attached in four workers to ${parameters.toFixed(0)} MB of parameters took ${grown.toFixed(0)} MB.`);
    // Four copies would be 4 × 256 MB; the rest is what four workers take themselves.
    expect(grown).toBeLessThan(1.5 * parameters);
  });
});

describe('what solvers share', () => {
  const SOLVER = `net_param { ${TINY} } base_lr: 0.01 lr_policy: "fixed" test_iter: 1 test_interval: 100 test_initialization: false`;

  test('is let go with the solver', async () => {
    const solver = await Solver.from(SOLVER);
    const handles = [solver.net.share(), ...solver.testNets.map((net) => net.share())];
    await solver.dispose();
    for (const handle of handles) expect(await failureOf(Net.attach(handle))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
  });

  test('a test net that was shared, tested and made to share another’s', async () => {
    const [solver, other] = await Promise.all([Solver.from(SOLVER), Net.from(TINY)]);
    const [net] = solver.testNets as [Net];
    const first = net.share();
    await solver.test();
    net.shareWith(other);
    expect(await failureOf(Net.attach(first))).toMatchObject({ code: 'ERR_CAFFE_DISPOSED' });
    const attached = await Net.attach(net.share());
    other.params.fc?.[0]?.data.fill(0.25);
    expect((await attached.params.fc?.[0]?.read())?.data[0]).toBe(0.25);
    await Promise.all([solver, other, attached].map((one) => one.dispose()));
  });
});
