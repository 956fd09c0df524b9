import type { Command } from 'commander';
import { messageOf } from '../errors';
import type { EngineOptions } from '../net-engine';
import type { Solver } from '../solver';
import type { CaffeLog } from '../tools/caffe-log';
import { isIterationEvent } from '../tools/solver-events';
import { action, type Context, decimal, toJson } from './command';
import { type Interruption, SIGNALS } from './interruption';
import { addStateOptions, choice, engine, json, precision, type StateOptions, weights } from './options';
import { SolverReport } from './solver-report';
import { write } from './stream';

type Effect = 'stop' | 'snapshot' | 'none';

interface SolveOptions extends StateOptions, Pick<EngineOptions, 'engine' | 'precision'> {
  snapshot?: string;
  weights?: string[];
  sigintEffect: Effect;
  sighupEffect: Effect;
  log?: 'caffe';
}

const EFFECTS: readonly Effect[] = ['stop', 'snapshot', 'none'];

export function addSolve(program: Command): void {
  const command = program
    .command('solve')
    .argument('<solver>', 'solver file, prototxt')
    .description('train as a solver file says (caffe train)')
    .option('--snapshot <file>', '.solverstate to go on from')
    .addOption(weights());
  addStateOptions(command)
    .addOption(choice('--sigint-effect <effect>', 'what Ctrl-C does', EFFECTS).default('stop'))
    .addOption(choice('--sighup-effect <effect>', 'what SIGHUP does', EFFECTS).default('snapshot'))
    .addOption(choice('--log <format>', 'caffe: the lines that the caffe tool logs, on standard error', ['caffe']))
    .addOption(engine())
    .addOption(precision())
    .addOption(json())
    .action(action(solve, { ownSignals: true }));
}

async function solve(context: Context, file: string, options: SolveOptions): Promise<void> {
  if (options.snapshot && options.weights) {
    context.refuse('--snapshot and --weights exclude each other: a snapshot has weights of its own.');
  }
  const { openSolver } = await import('../tools/open-solver.js');
  const { caffeLog } = await import('../tools/caffe-log.js');
  const solver = await openSolver(file, { ...options, stages: options.stage });
  try {
    await run(solver, context, options, options.log && caffeLog(solver));
  } finally {
    await solver.dispose();
  }
}

async function run(solver: Solver, context: Context, options: SolveOptions, log: CaffeLog | undefined): Promise<void> {
  const { json, signal, progress, report } = context;
  const lines = new SolverReport(solver);
  const total = Number(solver.param.max_iter ?? 0);
  const started = solver.solve({ resume: options.snapshot });
  const say = (text: string) => {
    if (text === '') return;
    if (log) process.stderr.write(text);
    else progress.note(text);
  };
  let ended: Interruption | undefined;
  const stop = (reason: Interruption) => {
    ended = reason;
    started.stop();
  };
  const snapshot = () => takeSnapshot(solver, (files) => say(log ? '' : lines.snapshot(files)));
  const letGo = onSignals(options, snapshot, stop);
  signal.addEventListener('abort', () => stop(signal.reason), { once: true });

  say(log?.begin() ?? '');
  try {
    for await (const event of started) {
      if (json) write(`${toJson(event)}\n`);
      say(log ? log.event(event) : lines.event(event));
      if (isIterationEvent(event) && !log) progress.update(event.iteration, total, `loss ${decimal(event.smoothedLoss)}`);
    }
    const result = await started;
    say(log?.end(result.reason) ?? '');
    report({ type: 'end', ...result }, log ? '' : lines.end(result));
    if (ended && result.reason === 'stopped') throw ended;
  } finally {
    letGo();
  }
}

/** A snapshot that cannot be written ends nothing: the training goes on, and its next one may succeed. */
function takeSnapshot(solver: Solver, tell: (files: { model: string; state: string }) => void): void {
  solver.snapshot().then(tell, (error) => process.stderr.write(`caffe-node: ${messageOf(error)}\n`));
}

/** Signals do what the options say; SIGTERM, which the caffe tool leaves alone, ends the training in good order. */
function onSignals({ sigintEffect, sighupEffect }: SolveOptions, snapshot: () => void, stop: (reason: Interruption) => void): () => void {
  const effects: [NodeJS.Signals, Effect, Interruption][] = [
    ['SIGINT', sigintEffect, SIGNALS.SIGINT],
    ['SIGHUP', sighupEffect, SIGNALS.SIGINT],
    ['SIGTERM', 'stop', SIGNALS.SIGTERM],
  ];
  const listeners = effects.map(([signal, effect, reason]) => {
    let stopping = false;
    const listener = () => {
      if (effect === 'snapshot') snapshot();
      if (effect !== 'stop') return;
      if (stopping) process.exit(reason.exitCode);
      stopping = true;
      stop(reason);
    };
    process.on(signal, listener);
    return () => process.off(signal, listener);
  });
  return () => {
    for (const remove of listeners) remove();
  };
}
