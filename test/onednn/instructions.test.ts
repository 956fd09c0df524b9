/** The plans of processors with fewer instructions than this one, which lay their values out in other ways: oneDNN can be told to use no more. */
import { caffe } from '../../lib/caffe';
import { runChild } from '../support/child';

interface Found {
  readonly run: number;
  readonly training: number;
  readonly primitives: readonly string[];
}

const TOLERANCES = { f32: { run: 1e-5, training: 1e-4 }, bf16: { run: 1e-2, training: 0.25 } } as const;
(caffe.features.onednn ? describe : describe.skip)('with no instructions beyond those of', () => {
  test.each(['SSE41', 'AVX2', 'AVX512_CORE', 'AVX512_CORE_BF16', 'ALL'])('%s a plan computes what Caffe does', async (instructions) => {
    const { code, stdout, stderr } = await runChild('instructions.js', [], [], { ONEDNN_MAX_CPU_ISA: instructions });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const found: Partial<Record<keyof typeof TOLERANCES, Found>> = JSON.parse(stdout);
    expect(found.f32).toBeDefined();
    for (const [precision, { run, training, primitives }] of Object.entries(found) as [keyof typeof TOLERANCES, Found][]) {
      expect(run).toBeLessThan(TOLERANCES[precision].run);
      expect(training).toBeLessThan(TOLERANCES[precision].training);
      if (!instructions.startsWith('AVX512') && instructions !== 'ALL') expect(primitives.join()).not.toContain('avx512');
    }
  });
});
