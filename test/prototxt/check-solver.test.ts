/** What the check says of a solver against what is made of it. */
import fc from 'fast-check';
import { check } from '../../lib/prototxt';
import { Solver } from '../../lib/solver';
import { LINEAR } from '../support/networks';

const NUMBER = fc.constantFrom('-1', '0', '0.5', '1', '2', '10', 'nan', 'inf');
const INTEGER = fc.constantFrom('-1', '0', '1', '2', '10');
const FIELDS: Record<string, fc.Arbitrary<string>> = {
  average_loss: INTEGER,
  base_lr: NUMBER,
  clip_gradients: NUMBER,
  delta: NUMBER,
  display: INTEGER,
  gamma: NUMBER,
  iter_size: INTEGER,
  max_iter: INTEGER,
  momentum: fc.constantFrom('0', '0.9', '1', '-1'),
  momentum2: NUMBER,
  power: NUMBER,
  regularization_type: fc.constantFrom('"L1"', '"L2"', '"L3"'),
  rms_decay: NUMBER,
  snapshot: INTEGER,
  solver_type: fc.constantFrom('SGD', 'ADAM', 'ADAGRAD'),
  stepsize: INTEGER,
  stepvalue: INTEGER,
  test_interval: INTEGER,
  type: fc.constantFrom('"SGD"', '"Adam"', '"AdaGrad"', '"RMSProp"', '"AdaDelta"', '"Nesterov"', '"sgd"'),
  weight_decay: NUMBER,
};

const POLICY = fc.constantFrom('"fixed"', '"step"', '"exp"', '"inv"', '"multistep"', '"poly"', '"sigmoid"', '"stp"');
const solver = fc
  .tuple(
    POLICY,
    fc.tuple(
      ...Object.entries(FIELDS).map(([name, value]) => fc.option(value, { nil: '', freq: 1 }).map((text) => text && `${name}: ${text}`)),
    ),
    fc.array(fc.nat(Object.keys(FIELDS).length - 1), { maxLength: 6 }),
    fc.array(INTEGER, { maxLength: 2 }),
    fc.boolean(),
  )
  .map(([policy, fields, chosen, tests, state]) => {
    const some = [...new Set(chosen)].map((index) => fields[index] ?? '');
    const tested = [...tests.map((batches) => `test_iter: ${batches}`), state && tests.length === 1 ? 'test_state { stage: "a" }' : ''];
    return `net_param { ${LINEAR} } lr_policy: ${policy} stepsize: 3 ${[...some, ...tested].join(' ')}`.replace(
      /stepsize: 3 (?=.*stepsize)/,
      '',
    );
  });

test('random settings', async () => {
  await fc.assert(
    fc.asyncProperty(solver, async (text) => {
      const { findings } = check(text);
      const errors = findings.filter(({ severity }) => severity === 'error').map(({ message }) => message);
      const made = await Solver.from(text).catch((error) => error as Error);
      if (made instanceof Solver) await made.dispose();
      const refusal = made instanceof Solver ? undefined : made.message;
      expect({ errors, refusal }).toEqual(errors.length > 0 ? { errors, refusal: expect.any(String) } : { errors, refusal: undefined });
    }),
    { numRuns: Number(process.env.RUNS ?? 400) },
  );
});
