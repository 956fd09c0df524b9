/** What a solver says of the training, as Caffe's solvers check it, some of it only after the net is built. */
import type { MessageNode } from '../nodes';
import { Settings } from '../shapes/settings';
import { suggestion } from '../suggest';
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

export function checkSolver(root: MessageNode, findings: Findings): void {
  new SolverCheck(new Settings('SolverParameter', root, root.start), findings).run();
}

class SolverCheck {
  constructor(
    private readonly solver: Settings,
    private readonly findings: Findings,
  ) {}

  run(): void {
    if (this.checkNets()) this.checkTests();
    this.checkRate();
    this.checkMethod();
    this.checkLengths();
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
    const generic = solver.has('net') || solver.has('net_param') ? 1 : 0;
    const instances = generic > 0 ? iterations : given;
    const states = solver.count('test_state');
    if (generic > 0) {
      this.require(
        iterations >= given,
        'test_iter',
        `It has ${iterations} × test_iter for ${given} test nets.`,
        'Give one test_iter for each test net.',
      );
    } else {
      this.require(
        iterations === given,
        'test_iter',
        `It has ${iterations} × test_iter for ${given} test nets.`,
        'Give one test_iter for each test net.',
      );
    }
    this.require(
      states === 0 || states === instances,
      'test_state',
      `It has ${states} × test_state for ${instances} test nets.`,
      'Give one test_state for each test net, or none.',
    );
    const interval = solver.number('test_interval');
    this.require(
      instances === 0 || interval > 0,
      'test_interval',
      `It tests, and has test_interval: ${interval}.`,
      'Set test_interval to the iterations between two tests.',
    );
    const fix = 'Set test_iter to the batches of one test.';
    if (solver.has('test_interval') && instances === 0 && interval > 0)
      this.tell('warning', 'test_interval', 'It has a test_interval and no test_iter: it never tests.', fix);
  }

  private checkRate(): void {
    const { solver } = this;
    const policy = solver.text('lr_policy');
    const needed = Object.hasOwn(POLICIES, policy) ? POLICIES[policy] : undefined;
    const names = Object.keys(POLICIES);
    const found = solver.has('lr_policy') ? `It has lr_policy: "${policy}", which Caffe does not have.` : 'It has no lr_policy.';
    this.require(needed !== undefined, 'lr_policy', found, suggestion(policy, names) ?? `Set lr_policy to one of ${names.join(', ')}.`);
    for (const field of needed ?? []) {
      if (solver.has(field)) continue;
      const severity = field === 'stepsize' || field === 'max_iter' ? 'error' : 'warning';
      this.tell(severity, 'lr_policy', `Its lr_policy "${policy}" reads ${field}, which is not set.`, `Set ${field}.`);
    }
    const steps = policy === 'step' || policy === 'sigmoid';
    this.require(
      !steps || !solver.has('stepsize') || solver.number('stepsize') > 0,
      'stepsize',
      `It has stepsize: ${solver.number('stepsize')}.`,
      'Set stepsize to the iterations between two changes.',
    );
    this.require(
      !needed?.includes('gamma') || solver.number('gamma') >= 0,
      'gamma',
      `It has gamma: ${solver.number('gamma')}.`,
      'Set gamma to a number from 0.',
    );
    if (!solver.has('base_lr'))
      this.tell('warning', 'base_lr', 'It has no base_lr: the learning rate is 0, and nothing is learned.', 'Set base_lr.');
    const values = solver.numbers('stepvalue');
    const ascending = values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
    if (!ascending)
      this.tell(
        'warning',
        'stepvalue',
        `Its stepvalue are not in ascending order: ${values.join(', ')}.`,
        'Sort them: a smaller one after a larger one takes effect late.',
      );
  }

  private checkMethod(): void {
    const { solver } = this;
    const type = solver.text('type');
    this.require(
      TYPES.includes(type),
      'type',
      `It is of type '${type}', which Caffe does not have.`,
      suggestion(type, TYPES) ?? `Set type to one of ${TYPES.join(', ')}.`,
    );
    const rootMeanSquares = type === 'RMSProp';
    if (type === 'AdaGrad' || rootMeanSquares) {
      this.require(
        solver.number('momentum') === 0,
        'momentum',
        `It has momentum: ${solver.number('momentum')}, and ${type} takes none.`,
        'Remove momentum.',
      );
    }
    const decay = solver.number('rms_decay');
    this.require(
      !rootMeanSquares || (decay >= 0 && decay < 1),
      'rms_decay',
      `It has rms_decay: ${decay}.`,
      'Set rms_decay to a number from 0, below 1.',
    );
    const kind = solver.text('regularization_type');
    this.require(
      REGULARIZATIONS.includes(kind),
      'regularization_type',
      `It has regularization_type: "${kind}".`,
      'Set it to "L1" or "L2".',
    );
  }

  private checkLengths(): void {
    const { solver } = this;
    const average = solver.number('average_loss');
    this.require(average >= 1, 'average_loss', `It has average_loss: ${average}.`, 'Set average_loss to 1 or more.');
    const size = solver.number('iter_size');
    this.require(size >= 1, 'iter_size', `It has iter_size: ${size}.`, 'Set iter_size to the batches of one iteration, 1 or more.');
    if (!solver.has('max_iter'))
      this.tell('warning', 'max_iter', 'It has no max_iter: solve() ends at once.', 'Set max_iter to the iterations of the training.');
  }

  private require(holds: boolean, field: string, message: string, fix: string): void {
    if (!holds) this.tell('error', field, message, fix);
  }

  private tell(severity: Severity, field: string, message: string, fix: string): void {
    this.findings.add({ severity, code: 'solver', at: this.solver.at(field), message, fix });
  }
}
