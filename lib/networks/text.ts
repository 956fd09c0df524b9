/** Networks and solvers as text: what they are in a comment, then sections with a title each. */
import type { LayerParameter, SolverParameter } from '../prototxt';
import { stringify } from '../prototxt/schema/stringify';
import type { Architecture, Paper } from './architecture';
import { type Choices, Draft, type Form } from './draft';

const TITLES: Readonly<Record<Form, string>> = { training: 'for training and validation', deployment: 'for deployment' };

/** Length of a line of a comment. */
const WIDTH = 120;

/** `train_val.prototxt` or `deploy.prototxt`. */
export function networkText(architecture: Architecture, form: Form, choices: Choices): string {
  const draft = new Draft(form, choices, architecture);
  architecture.build(draft);
  const { classes, channels, size } = choices;
  const shapes = `${classes} classes; pictures of ${[channels, ...size].join(' x ')}${channels === 3 ? ' (BGR)' : ''}.`;
  const head = [`${architecture.title}, ${TITLES[form]}.`, ...citation(architecture.paper), '', shapes, ...architecture.notes];
  const sections = draft.sections().map(({ title, layers }) => {
    const text = stringify({ layer: form === 'deployment' ? layers.map(deployed) : layers }, 'net');
    return `${comment([title])}${text}`;
  });
  return [comment(head), stringify({ name: architecture.title }, 'net'), ...sections].join('\n');
}

/** `solver.prototxt`. */
export function solverText({ name, title, paper, solver, solverNotes, feed }: Architecture, { batchSize }: Choices): string {
  const inOneStep = feed.batchSize * (solver.iter_size ?? 1);
  const iterSize = Math.max(1, Math.round(inOneStep / batchSize));
  const { test_iter, test_interval, test_initialization, display, average_loss, max_iter, snapshot, ...learning } = solver;
  const sections: [title: string, fields: SolverParameter][] = [
    ['Learning', { ...learning, iter_size: iterSize > 1 ? iterSize : undefined }],
    [`Validation: batches of ${feed.validationBatchSize}`, { test_iter, test_interval, test_initialization }],
    ['Running', { display, average_loss, max_iter, snapshot, snapshot_prefix: name, solver_mode: 'CPU' }],
  ];
  return [
    comment([`${title}, solver.`, ...citation(paper), '', ...solverNotes]),
    stringify({ net: 'train_val.prototxt' }, 'solver'),
    ...sections.map(([heading, fields]) => `${comment([heading])}${stringify(fields, 'solver')}`),
  ].join('\n');
}

function citation(paper: Paper | undefined): string[] {
  return [paper ? `${paper.authors}: ${paper.title}. ${paper.where}.` : 'Of caffe-node itself.'];
}

/** Lines, broken where they are too long. */
function comment(lines: readonly string[]): string {
  return lines
    .flatMap((line) => broken(line))
    .map((line) => `${`# ${line}`.trimEnd()}\n`)
    .join('');
}

function broken(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}

/** Without what only training needs: how parameters begin and learn. BatchNorm takes the statistics that training has gathered. */
function deployed(layer: LayerParameter): LayerParameter {
  const { param, convolution_param, inner_product_param, batch_norm_param, ...rest } = layer;
  return {
    ...rest,
    ...(convolution_param && { convolution_param: { ...convolution_param, weight_filler: undefined, bias_filler: undefined } }),
    ...(inner_product_param && { inner_product_param: { ...inner_product_param, weight_filler: undefined, bias_filler: undefined } }),
    ...(layer.type === 'BatchNorm' && { batch_norm_param: { use_global_stats: true, eps: batch_norm_param?.eps } }),
  };
}
