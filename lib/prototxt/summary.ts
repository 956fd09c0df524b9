/** A network as a table, as pycaffe's summarize.py prints it, with shapes and costs. */
import { CaffeError } from '../errors';
import { table } from '../text-table';
import { type CheckedFile, checkDocument } from './check/check';
import type { CheckedNet } from './check/net-check';
import type { CheckOptions } from './check/options';
import { type CheckedLayer, type CheckedState, resultOf } from './check/result';
import { documentOf, type PrototxtSource } from './document/document';
import { edgeLabelOf, windowTextsOf } from './draw/draw-labels';
import type { Layer } from './network/network';
import { bytes, grouped, rounded } from './quantities';
import { textOfShape } from './shapes/shape';

/** Those of a check. Without `phase`, the first net that the file makes is shown. */
export interface SummaryOptions extends CheckOptions {}

const HEADING = ['Layer', 'Type', 'Settings', 'Bottoms → tops', 'Output', 'Parameters', 'Multiply-adds', 'Sees'];
const RIGHT = [5, 6];
const UNKNOWN = '?';

/**
 * Summarizes a network: for each layer its type, its window (kernel, `/`stride, `+`pad) and outputs, what it reads and writes, the shape
 * of its first top, its parameters, its multiply-adds for one item, and how far one of its values sees in the input (receptive field).
 * Below stand the totals, and the memory that a batch takes. `?` is what the text alone does not tell.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for text that does not parse or makes no net; ERR_CAFFE_INPUT for an option out of range;
 *   ERR_CAFFE_UNSUPPORTED for the notation of Caffe's first versions.
 */
export function summary(source: PrototxtSource, options?: SummaryOptions): string {
  const file = checkDocument(documentOf(source), options);
  const [net] = file.nets;
  if (!net) throw nothingToShow(file);
  const state = resultOf(net);
  const batch = state.totals.batch ?? 1;
  const rows = state.layers.map((facts, index) => rowOf(net, net.graph.layers[index] as Layer, facts, batch));
  return `${titleOf(file.name, state)}\n\n${table([HEADING, ...rows], RIGHT)}\n${totalsOf(state)}`;
}

/** Why a file shows nothing: the first error. */
export function nothingToShow({ kind, findings }: CheckedFile): CaffeError {
  if (kind === 'solver')
    return new CaffeError('ERR_CAFFE_PROTOTXT', 'This is a solver; it holds no network.', { hint: 'Take the file that its net names.' });
  const old = findings.find(({ code }) => code === 'old-notation');
  const { message, line, column, fix } = old ??
    findings.find(({ severity }) => severity === 'error') ?? { message: 'The file makes no net.' };
  return new CaffeError(old ? 'ERR_CAFFE_UNSUPPORTED' : 'ERR_CAFFE_PROTOTXT', message, { line, column, hint: fix });
}

function titleOf(name: string, { name: state, totals: { batch } }: CheckedState): string {
  return `${name || 'Net'} (${state}${batch === undefined ? '' : `, batches of ${batch}`})`;
}

function rowOf(net: CheckedNet, layer: Layer, facts: CheckedLayer, batch: number): string[] {
  const { type, bottoms, tops, params, parameters, multiplyAdds } = facts;
  const [shape] = facts.shapes;
  return [
    layer.name,
    type,
    settingsOf(layer),
    [bottoms.join(', '), tops.join(', ')].filter((names) => names !== '').join(' → '),
    tops.length === 0 ? '' : shape ? textOfShape(shape) : UNKNOWN,
    params === undefined ? UNKNOWN : parameters > 0 ? grouped(parameters) : '',
    params === undefined ? UNKNOWN : multiplyAdds > 0 ? rounded(multiplyAdds / batch) : '',
    fieldOf(net, layer),
  ];
}

/** As summarize.py has it: `11/4+2 96`, kernel, stride, pad and outputs. */
function settingsOf(layer: Layer): string {
  const window = windowTextsOf(layer);
  const group = layer.message.message('convolution_param')?.number('group') ?? 1;
  const outputs = layer.type === 'Data' ? '' : edgeLabelOf(layer);
  if (!window) return outputs;
  const { kernel, stride, pad } = window;
  const text = `${kernel}${stride === '1' ? '' : `/${stride}`}${pad === '0' ? '' : `+${pad}`}`;
  return [text, outputs && `${outputs}${group === 1 ? '' : `/${group}`}`].filter((part) => part !== '').join(' ');
}

function fieldOf(net: CheckedNet, layer: Layer): string {
  const { field } = net.of(net.graph.tops(layer)[0]);
  if (!field || field.size.every((extent) => extent === 1)) return '';
  const size = field.size.every((extent) => extent === field.size[0]) ? field.size.slice(0, 1) : field.size;
  return size.map((extent) => Math.round(extent)).join('×');
}

function totalsOf({ phase, totals }: CheckedState): string {
  const { layers, parameters, statistics, multiplyAdds, batch = 1, memory, complete } = totals;
  const each = batch > 1 ? ` per item, ${rounded(multiplyAdds)} per batch` : '';
  const gradients = memory.gradients > 0 ? ` + gradients ${bytes(memory.gradients)}` : '';
  const lines = [
    `Layers         ${layers}`,
    `Parameters     ${grouped(parameters)} (${bytes(parameters * 4)})${statistics > 0 ? `, of which ${grouped(statistics)} are statistics` : ''}`,
    `Multiply-adds  ${rounded(multiplyAdds / batch)}${each}`,
    `Memory         ${bytes(memory.total)}: activations ${bytes(memory.activations)}${gradients} + parameters ${bytes(memory.parameters)}${phase === 'train' ? ', with their gradients' : ''}`,
  ];
  const note = complete ? [] : ['Not all shapes are known (?): the totals are of what is. Shapes of inputs can be given.'];
  return [...lines, ...note].map((line) => `${line}\n`).join('');
}
