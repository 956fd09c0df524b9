/** Files looked at without running anything: what Caffe would refuse, what is probably not meant, and what the net costs. */
import { CaffeError } from '../../errors';
import { documentOf, type PrototxtDocument, type PrototxtSource } from '../document/document';
import { hasBothRules, type Layer, layerOf, Network } from '../network/network';
import { fieldOf, type MessageName } from '../schema/messages';
import type { Shape } from '../shapes/shape';
import { suggestion } from '../suggest';
import type { FieldNode, MessageNode } from '../text/nodes';
import { checkBuilt, checkComplete } from './completeness';
import { checkFields } from './fields';
import { type Finding, Findings } from './finding';
import { CheckedNet } from './net-check';
import { type CheckOptions, type Given, readGiven } from './options';
import { type CheckedBlob, type CheckedLayer, type CheckedState, resultOf, type Totals } from './result';
import { checkSolver } from './solver';
import { stateNamed, statesOf } from './states';

export interface CheckResult {
  /** Whether there is no error: Caffe takes the file. */
  readonly ok: boolean;
  readonly kind: 'net' | 'solver';
  /** The name of the net. */
  readonly name: string;
  /** All of them, in file order. */
  readonly findings: readonly Finding[];
  /** The nets that the file makes, in the order training, test, deployment; one where all are alike. */
  readonly states: readonly CheckedState[];
  /** The layers of the first of `states`. */
  readonly layers: readonly CheckedLayer[];
  /** Its blobs. */
  readonly blobs: readonly CheckedBlob[];
  /** What it costs. */
  readonly totals: Totals;
}

/**
 * Checks a network or a solver without running anything, and without the addon: fields against caffe.proto, connections, the shapes and
 * parameters of every layer as Caffe's own set-up works them out, and what the net costs. Bad text is no exception but a finding.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a source that is no text, or an option out of range.
 */
export function check(source: PrototxtSource, options?: CheckOptions): CheckResult {
  const given = readGiven(options);
  const document = parsed(source);
  const { kind, name, findings, nets } =
    document instanceof CaffeError ? { ...NOTHING, findings: [syntaxFinding(document)] } : new FileCheck(document, given).run();
  const states = nets.map(resultOf);
  const { layers, blobs, totals } = states[0] ?? NO_STATE;
  return { ok: findings.every(({ severity }) => severity !== 'error'), kind, name, findings, states, layers, blobs, totals };
}

/** What a check looked at, for those who show it. */
export interface CheckedFile {
  readonly kind: 'net' | 'solver';
  readonly name: string;
  readonly findings: readonly Finding[];
  readonly nets: readonly CheckedNet[];
}

/** The same for a document, with all that is known. @throws {CaffeError} ERR_CAFFE_INPUT for an option out of range. */
export function checkDocument(document: PrototxtDocument, options?: CheckOptions): CheckedFile {
  return new FileCheck(document, readGiven(options)).run();
}

const NOTHING: CheckedFile = { kind: 'net', name: '', findings: [], nets: [] };

function parsed(source: PrototxtSource): PrototxtDocument | CaffeError {
  try {
    return documentOf(source);
  } catch (error) {
    if (error instanceof CaffeError && error.code === 'ERR_CAFFE_PROTOTXT') return error;
    throw error;
  }
}

function syntaxFinding({ message, line = 1, column = 1, hint }: CaffeError): Finding {
  const [what = ''] = message.replace(/^Line \d+, column \d+: /, '').split('\n');
  return {
    severity: 'error',
    code: 'syntax',
    message: what,
    line,
    column,
    fix: hint ?? 'Correct the text here; what follows is not checked.',
  };
}

class FileCheck {
  private readonly findings = new Findings();

  constructor(
    private readonly document: PrototxtDocument,
    private readonly given: Given,
  ) {}

  run(): CheckedFile {
    const { root } = this.document;
    const kind = kindOf(root);
    const { root: sound, damaged } = checkFields(root, kind === 'solver' ? 'SolverParameter' : 'NetParameter', this.findings);
    const nets = kind === 'solver' ? this.solver(sound, damaged) : this.net(sound, damaged);
    const states = nets.map(({ checked }) => checked.name);
    const name = kind === 'net' ? (sound.string('name') ?? '') : '';
    return { kind, name, findings: this.findings.inFileOrder(root.source, states), nets };
  }

  private solver(root: MessageNode, damaged: ReadonlySet<MessageNode>): CheckedNet[] {
    if (!damaged.has(root)) checkSolver(root, this.findings);
    const nets = ['net_param', 'train_net_param', 'test_net_param'].flatMap((field) => root.messages(field));
    return nets.flatMap((net) => this.net(net, damaged));
  }

  private net(root: MessageNode, damaged: ReadonlySet<MessageNode>): CheckedNet[] {
    const [old] = root.fieldsNamed('layers');
    if (old) {
      const fix = 'Bring it up to date: caffe-node prototxt upgrade, or prototxt.upgrade.';
      const both = root.fieldsNamed('layer').length > 0;
      const message = both
        ? "The file has 'layer { … }' beside 'layers { … }', the notation of Caffe's first versions: Caffe would leave out the first."
        : "'layers { … }' is the notation of Caffe's first versions: Caffe upgrades it as it reads; here its layers are not checked.";
      this.findings.add({ severity: both ? 'error' : 'warning', code: 'old-notation', at: old.start, message, fix });
      if (!both) return [];
    }
    const layers = readLayers(root);
    if (layers.length === 0) {
      const message = 'The network has no layers.';
      this.findings.add({
        severity: 'error',
        code: 'no-layers',
        at: root.start,
        message,
        fix: 'Write layer { … }; is this another kind of file?',
      });
      return [];
    }
    for (const layer of layers.filter(hasBothRules)) {
      const message = `Layer '${layer.name}' has both include and exclude rules; Caffe takes one or the other.`;
      this.findings.add({
        severity: 'error',
        code: 'include-and-exclude',
        at: layer.field.start,
        message,
        fix: 'Keep one kind of rules.',
        layer: layer.name,
      });
    }
    this.checkOldInputs(root);
    const network = new Network(this.document, layers, root);
    return this.nets(network, new Set(layers.filter(({ message }) => damaged.has(message))));
  }

  private nets(network: Network, damaged: ReadonlySet<Layer>): CheckedNet[] {
    const { phase, level = 0, stages = [], inputs, batch, types } = this.given;
    const states = phase ? [stateNamed(network, { phase: phase === 'train' ? 'TRAIN' : 'TEST', level, stages })] : statesOf(network);
    requireInputs(network, inputs);
    const nets = states.map((state) => {
      const tell = (report: Parameters<Findings['add']>[0]) => this.findings.add(report, state.name);
      const net = new CheckedNet(network, state, damaged, { inputs, batch, types }, tell);
      checkComplete(net.graph, state, tell);
      return net;
    });
    if (!phase) checkBuilt(network, (report) => this.findings.add(report));
    return nets;
  }

  /** Inputs without a layer, as files before Input layers have them. */
  private checkOldInputs(root: MessageNode): void {
    const [first] = root.fieldsNamed('input');
    if (!first) return;
    const names = root.strings('input').length;
    const shapes = root.messages('input_shape').length;
    const extents = root.numbers('input_dim').length;
    const at = first.start;
    const given = shapes > 0 ? shapes : Math.floor(extents / 4);
    if (shapes + extents > 0 && given < names) {
      const message = `The network names ${names} inputs and has shapes for ${given}.`;
      this.findings.add({
        severity: 'error',
        code: 'setting',
        at,
        message,
        fix: 'Give each input an input_shape, or four input_dim; better, write Input layers.',
      });
    }
    const message = "'input' is how files before Input layers name what comes from outside; Caffe upgrades it as it reads.";
    this.findings.add({ severity: 'info', code: 'old-inputs', at, message, fix: 'Write Input layers; prototxt.upgrade does it.' });
  }
}

/** A solver, if it has more fields that only solvers have. */
function kindOf(root: MessageNode): 'net' | 'solver' {
  const only = (message: MessageName, other: MessageName) =>
    root.fields.filter(({ name }) => fieldOf(message, name) && !fieldOf(other, name)).length;
  return only('SolverParameter', 'NetParameter') > only('NetParameter', 'SolverParameter') ? 'solver' : 'net';
}

/** The layers of a net, those in lists, `layer: [ … ]`, included. */
function readLayers(root: MessageNode): Layer[] {
  return root.fieldsNamed('layer').flatMap((field): Layer[] => {
    const items = field.value.kind === 'list' ? field.value.items : [field.value];
    return items.flatMap((item) => {
      if (item.kind !== 'message') return [];
      const own: FieldNode = field.value.kind === 'list' ? { ...field, value: item, start: item.start, end: item.end } : field;
      return [layerOf(own, item)];
    });
  });
}

/** @throws {CaffeError} ERR_CAFFE_INPUT for the shape of a blob that nothing brings in. */
function requireInputs(network: Network, inputs: ReadonlyMap<string, Shape>): void {
  if (inputs.size === 0) return;
  const sources = network.layers.filter((layer) => layer.bottoms.length === 0).flatMap((layer) => layer.tops);
  const written = new Set(network.layers.flatMap((layer) => layer.tops));
  const missing = network.layers.flatMap((layer) => layer.bottoms).filter((blob) => !written.has(blob));
  const known = [...new Set([...network.inputs, ...sources, ...missing])];
  for (const name of inputs.keys()) {
    if (known.includes(name)) continue;
    throw new CaffeError('ERR_CAFFE_INPUT', `'inputs' names the blob '${name}', which is no input of the network.`, {
      blob: name,
      hint: suggestion(name, known) ?? `Its inputs are: ${known.join(', ')}.`,
    });
  }
}

/** What is told of a file without a net. */
const NO_STATE: Pick<CheckResult, 'layers' | 'blobs' | 'totals'> = {
  layers: [],
  blobs: [],
  totals: {
    layers: 0,
    parameters: 0,
    statistics: 0,
    multiplyAdds: 0,
    batch: undefined,
    memory: { activations: 0, gradients: 0, parameters: 0, total: 0 },
    complete: false,
  },
};
