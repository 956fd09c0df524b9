/** The default number of threads: the physical cores that the process may use. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { native } from '../lib/native';

type Files = Record<string, string>;

/** What a machine with these files makes of a process that may use `processors`. */
function cores(processors: number[], files: Files): number {
  const root = mkdtempSync(path.join(tmpdir(), 'caffe-node-processors-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), `${content}\n`);
  }
  const count = native.usableCores(processors, root);
  rmSync(root, { recursive: true });
  return count;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** `count` logical processors, those `count / perCore` apart on one core, as Linux numbers them. */
function topology(count: number, perCore: number): Files {
  const apart = count / perCore;
  return Object.fromEntries(
    range(count).map((processor) => {
      const siblings = range(perCore).map((thread) => (processor % apart) + thread * apart);
      return [`sys/devices/system/cpu/cpu${processor}/topology/thread_siblings_list`, siblings.join(',')];
    }),
  );
}

describe('the topology', () => {
  test('hyper-threads of one core count once', () => {
    expect(cores(range(16), topology(16, 2))).toBe(8);
    expect(cores([0, 8], topology(16, 2))).toBe(1);
    expect(cores([0, 1, 8], topology(16, 2))).toBe(2);
    expect(cores([3], topology(16, 2))).toBe(1);
    expect(cores(range(4), topology(4, 1))).toBe(4);
  });

  test('where it is hidden, each processor is a core', () => {
    expect(cores(range(6), {})).toBe(6);
    expect(cores([], {})).toBe(1);
  });

  test('every choice of processors has as many cores as there are different ones', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.constantFrom(1, 2, 4), fc.infiniteStream(fc.boolean()), (apart, perCore, chance) => {
        const chosen = range(apart * perCore).filter(() => chance.next().value);
        expect(cores(chosen, topology(apart * perCore, perCore))).toBe(Math.max(1, new Set(chosen.map((one) => one % apart)).size));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the quota of a cgroup', () => {
  const v2 = (group: string, quota: string): Files => ({ [`sys/fs/cgroup${group}/cpu.max`]: quota });
  const v1 = (mount: string, quota: number): Files => ({
    [`sys/fs/cgroup/${mount}/cpu.cfs_quota_us`]: String(quota),
    [`sys/fs/cgroup/${mount}/cpu.cfs_period_us`]: '100000',
  });
  const of = (lines: string, ...files: Files[]) => cores(range(8), Object.assign({ 'proc/self/cgroup': lines }, ...files));

  test('of version 2: its own, and of those above', () => {
    expect(of('0::/', v2('', '300000 100000'))).toBe(3);
    expect(of('0::/a/b', v2('/a/b', '200000 100000'))).toBe(2);
    expect(of('0::/a/b', v2('/a', '200000 100000'), v2('/a/b', 'max 100000'))).toBe(2);
    expect(of('0::/a/b', v2('', '100000 50000'), v2('/a', '500000 100000'), v2('/a/b', '900000 100000'))).toBe(2);
    expect(of('0::/a', v2('/b', '100000 100000'))).toBe(8);
  });

  test('of version 1: by the name of its hierarchy, beside others', () => {
    expect(of('4:cpu,cpuacct:/docker/x', v1('cpu,cpuacct/docker/x', 150_000))).toBe(2);
    expect(of('9:name=systemd:/a\n3:cpuset:/a\n1:cpu:/a\n0::/', v1('cpu/a', 400_000), v1('cpuset/a', 100_000))).toBe(4);
    expect(of('1:cpu:/a', v1('cpu/a', -1))).toBe(8);
  });

  test('inside a container that sees the path of the host, that of the mount', () => {
    expect(of('4:cpu,cpuacct:/docker/0123abc', v1('cpu,cpuacct', 200_000))).toBe(2);
    expect(of('0::/../../kubepods/pod', v2('', '200000 100000'))).toBe(2);
  });

  test('a part of a processor is one; more than there are changes nothing', () => {
    expect(of('0::/', v2('', '10000 100000'))).toBe(1);
    expect(of('0::/', v2('', '250001 100000'))).toBe(3);
    expect(of('0::/', v2('', '9900000 100000'))).toBe(8);
  });

  test('what is no quota limits nothing', () => {
    for (const quota of ['', 'max', 'max 100000', '100000', '0 100000', '-5 100000', '100000 0', 'nan nan', 'x y', '1e999 1']) {
      expect(of('0::/', v2('', quota))).toBe(8);
    }
    for (const lines of ['', '\n', ':', '::', '0::', 'nonsense', '0:cpu', ':::::']) expect(of(lines)).toBe(8);
  });
});

describe('a process', () => {
  const threads = (command: string[], env: NodeJS.ProcessEnv = {}) => {
    const [program = '', ...before] = [...command, process.execPath];
    const { OMP_NUM_THREADS: _, ...inherited } = process.env;
    const script = `console.log(require(${JSON.stringify(path.join(__dirname, '..'))}).caffe.threads)`;
    const { stdout, stderr } = spawnSync(program, [...before, '-e', script], { env: { ...inherited, ...env }, encoding: 'utf8' });
    if (stderr) throw new Error(stderr);
    return Number(stdout);
  };
  const allowed = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';

  test('bound to one processor by taskset has one thread', () => {
    expect(threads(['taskset', '-c', allowed])).toBe(1);
  });

  test('otherwise has as many as its cores, or as OMP_NUM_THREADS says', () => {
    expect(threads([])).toBeGreaterThanOrEqual(1);
    expect(threads([], { OMP_NUM_THREADS: '3' })).toBe(3);
    expect(threads(['taskset', '-c', allowed], { OMP_NUM_THREADS: '2,1' })).toBe(2);
  });
});
