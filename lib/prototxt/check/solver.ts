/** What a solver says of the training: what Caffe and this package refuse, some of it only after the net is built. */

import { Settings } from '../shapes/settings';
import { suggestion } from '../suggest';
import type { MessageNode } from '../text/nodes';
import type { Findings, Severity } from './finding';

/** The fields that each policy of learning rates reads. */
const POLICIES: Readonly<Record<string, readonly string[]>> = {
  fixed: [],
  step: ['gamma', 'stepsize'],
  exp: ['gamma'],
  inv: ['gamma', 'power'],
  multistep: ['gamma', 'stepvalue'],
  poly: ['power', 'max_iter'],
  sigmoid: ['gamma', 'stepsize'],
};
const TYPES = ['SGD', 'Nesterov', 'AdaGrad', 'RMSProp', 'AdaDelta', 'Adam'];
const REGULARIZATIONS = ['L1', 'L2'];
const TRAIN_NETS = ['net', 'net_param', 'train_net', 'train_net_param'];
const TEST_NETS = ['test_net', 'test_net_param'];

/** What a number must be, and how that is said. */
type Range = readonly [holds: (value: number) => boolean, text: string];

const FINITE: Range = [Number.isFinite, 'it must be a finite number'];
const FROM_ZERO: Range = [(value) => value >= 0 && Number.isFinite(value), 'it must be a finite number from 0'];
const FROM_ONE: Range = [(value) => value >= 1, 'it must be at least 1'];
const ABOVE_ZERO: Range = [(value) => value > 0 && Number.isFinite(value), 'it must be more than 0'];
const SHARE: Range = [(value) => value >= 0 && value < 1, 'it must be at least 0 and below 1'];

export function checkSolver(root: MessageNode, findings: Findings): void {
  new SolverCheck(new Settings('SolverParameter', root, root.start), findings).run();
}

class SolverCheck {
  private readonly policy: string;
  private readonly type: string;

  constructor(
    private readonly solver: Settings,
    private readonly findings: Findings,
  ) {
    this.policy = solver.text('lr_policy');
    const old = solver.choice('solver_type').toLowerCase();
    this.type = solver.has('solver_type') ? (TYPES.find((type) => type.toLowerCase() === old) ?? old) : solver.text('type');
  }

  run(): void {
    if (this.checkNets()) this.checkTests();
    this.checkPolicy();
    this.checkMethod();
    this.checkNumbers();
  }

  /** @returns whether there is something to test. */
  private checkNets(): boolean {
    const nets = TRAIN_NETS.filter((field) => this.solver.has(field));
    this.require(nets.length > 0, 'net', 'It names no network to train.', 'Set net to the file of the network.');
    this.require(nets.length < 2, nets[1] ?? 'net', `It names several networks to train: ${nets.join(', ')}.`, 'Keep one of them.');
    return nets.length > 0;
  }

  private checkTests(): void {
    const { solver } = this;
    const given = TEST_NETS.reduce((sum, field) => sum + solver.count(field), 0);
    const iterations = solver.count('test_iter');
    const isGeneric = solver.has('net') || solver.has('net_param');
    const fits = isGeneric ? iterations >= given : iterations === given;
    const [nets, states] = [`${given} test nets`, solver.count('test_state')];
    this.require(fits, 'test_iter', `It has ${iterations} × test_iter for ${nets}.`, 'Give one test_iter for each test net.');
    const eachState = states === 0 || states === iterations;
    this.require(
      eachState,
      'test_state',
      `It has ${states} × test_state for ${iterations} tests.`,
      'Give one for each test_iter, or none.',
    );
    const interval = solver.number('test_interval');
    const tests = iterations > 0;
    const fix = 'Set test_interval to the iterations between two tests.';
    this.require(!tests || interval !== 0, 'test_interval', 'It tests, and has test_interval: 0.', fix);
    if (interval > 0 && !tests) {
      const never = 'It has a test_interval and no test_iter: it never tests.';
      this.tell('warning', 'test_interval', never, 'Set test_iter to the batches of one test.');
    }
  }

  private checkPolicy(): void {
    const { solver, policy } = this;
    const needed = Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
    const names = Object.keys(POLICIES);
    const found = solver.has('lr_policy') ? `It has lr_policy: "${policy}", which Caffe does not have.` : 'It has no lr_policy.';
    const fix = suggestion(policy, names) ?? `Set lr_policy to one of ${names.join(', ')}.`;
    this.require(needed !== undefined, 'lr_policy', found, fix);
    for (const field of needed ?? []) {
      if (solver.has(field)) continue;
      const severity = field === 'stepsize' || field === 'max_iter' ? 'error' : 'warning';
      this.tell(severity, 'lr_policy', `Its lr_policy "${policy}" reads ${field}, which is not set.`, `Set ${field}.`);
    }
    const values = solver.numbers('stepvalue');
    if (values.some((value, index) => index > 0 && value <= (values[index - 1] ?? 0))) {
      const late = 'Sort them: a smaller one after a larger one takes effect late.';
      this.tell('warning', 'stepvalue', `Its stepvalue are not in ascending order: ${values.join(', ')}.`, late);
    }
  }

  private checkMethod(): void {
    const { solver, type } = this;
    const both = solver.has('type') && solver.has('solver_type');
    this.require(!both, 'solver_type', 'It has type and solver_type, which is the same in old files.', 'Keep type.');
    const fix = suggestion(type, TYPES) ?? `Set type to one of ${TYPES.join(', ')}.`;
    this.require(TYPES.includes(type), 'type', `It is of type '${type}', which Caffe does not have.`, fix);
    const momentum = solver.number('momentum');
    const without = type === 'AdaGrad' || type === 'RMSProp';
    this.require(!without || momentum === 0, 'momentum', `It has momentum: ${momentum}, and ${type} takes none.`, 'Remove momentum.');
    const kind = solver.text('regularization_type');
    const known = REGULARIZATIONS.includes(kind);
    this.require(known, 'regularization_type', `It has regularization_type: "${kind}".`, 'Set it to "L1" or "L2".');
  }

  private checkNumbers(): void {
    const { solver, type, policy } = this;
    const reads = (field: string) => POLICIES[policy]?.includes(field) === true;
    for (const field of ['max_iter', 'display', 'snapshot', 'test_interval', 'base_lr', 'weight_decay']) this.range(field, FROM_ZERO);
    for (const field of ['iter_size', 'average_loss', 'test_iter']) this.range(field, FROM_ONE);
    this.range('clip_gradients', FINITE);
    if (reads('gamma')) this.range('gamma', FROM_ZERO);
    if (reads('power')) this.range('power', FINITE);
    if (reads('stepsize')) this.range('stepsize', FROM_ONE);
    if (reads('max_iter')) this.range('max_iter', FROM_ONE);
    if (type !== 'AdaGrad' && type !== 'RMSProp') this.range('momentum', SHARE);
    if (type === 'RMSProp') this.range('rms_decay', SHARE);
    if (type === 'Adam') this.range('momentum2', SHARE);
    if (type !== 'SGD' && type !== 'Nesterov') this.range('delta', ABOVE_ZERO);
    const nothing = 'the learning rate is 0, and nothing is learned.';
    if (!solver.has('base_lr')) this.tell('warning', 'base_lr', `It has no base_lr: ${nothing}`, 'Set base_lr.');
    if (!solver.has('max_iter')) {
      this.tell('warning', 'max_iter', 'It has no max_iter: solve() ends at once.', 'Set max_iter to the iterations of the training.');
    }
  }

  private range(field: string, [holds, text]: Range): void {
    for (const value of this.solver.numbers(field)) {
      this.require(holds(value), field, `It has ${field}: ${value}; ${text}.`, `Set ${field} to such a number, or leave it out.`);
    }
  }

  private require(holds: boolean, field: string, message: string, fix: string): void {
    if (!holds) this.tell('error', field, message, fix);
  }

  private tell(severity: Severity, field: string, message: string, fix: string): void {
    this.findings.add({ severity, code: 'solver', at: this.solver.at(field), message, fix });
  }
}
