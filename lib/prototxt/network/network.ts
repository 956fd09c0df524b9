import { CaffeError } from '../../errors';
import { documentOf, type PrototxtDocument, type PrototxtSource } from '../document/document';
import { isActive, type NetState, type NetStateRule, netState, readRule, statesOf } from '../document/rules';
import { solverField } from '../schema/file-kind';
import { nearestTo } from '../suggest';
import type { FieldNode, MessageNode } from '../text/nodes';
import type { SourceText } from '../text/source-text';

export { isActive } from '../document/rules';

/** One `layer { … }` of a file, read. */
export interface Layer {
  readonly name: string;
  readonly type: string;
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly include: readonly NetStateRule[];
  readonly exclude: readonly NetStateRule[];
  readonly lossWeights: readonly number[];
  /** The field in the file, for edits. */
  readonly field: FieldNode;
  /** Its fields, for everything else. */
  readonly message: MessageNode;
}

/** Stages with which all-in-one files (DIGITS's) tell the three networks in them apart. */
const TRAIN_STAGE = 'train';
const VALIDATION_STAGE = 'val';
const DEPLOY_STAGE = 'deploy';

/** A network definition, read: its layers in file order, for any state. */
export class Network {
  readonly document: PrototxtDocument;
  /** The fields of the net. */
  readonly root: MessageNode;
  readonly name: string;
  readonly layers: readonly Layer[];
  /** Inputs by the old `input: "data"`; Input layers are layers. */
  readonly inputs: readonly string[];
  /** Every stage that a rule mentions. */
  readonly stages: ReadonlySet<string>;

  /** @param root where the fields of the net are not the file's: in a solver, or where faulty ones are left out. */
  constructor(document: PrototxtDocument, layers: readonly Layer[], root: MessageNode = document.root) {
    this.document = document;
    this.root = root;
    this.layers = layers;
    this.name = root.string('name') ?? '';
    this.inputs = root.strings('input');
    this.stages = new Set(rulesOf(layers).flatMap((rule) => [...rule.stages, ...rule.notStages]));
  }

  /** The layers Caffe builds in a state, in file order. */
  layersIn(state: NetState): Layer[] {
    return this.layers.filter((layer) => isActive(layer, state));
  }

  /** Whether the file tells training, validation and deployment apart by stages. */
  get isAllInOne(): boolean {
    return [TRAIN_STAGE, VALIDATION_STAGE, DEPLOY_STAGE].some((stage) => this.stages.has(stage));
  }

  /** Whether the file says by itself what is deployed. */
  get hasDeployStage(): boolean {
    return this.stages.has(DEPLOY_STAGE);
  }

  get trainState(): NetState {
    return this.isAllInOne ? netState('TRAIN', TRAIN_STAGE) : netState('TRAIN');
  }

  get testState(): NetState {
    return this.isAllInOne ? netState('TEST', VALIDATION_STAGE) : netState('TEST');
  }

  get deployState(): NetState {
    return this.hasDeployStage ? netState('TEST', DEPLOY_STAGE) : netState('TEST');
  }

  /** Every state in which the rules can tell layers apart: both phases, with each set of stages and each level they name. */
  get states(): NetState[] {
    return statesOf(rulesOf(this.layers), [this.trainState.stages, this.testState.stages]);
  }

  /** Every layer and blob name of the file. */
  get names(): Set<string> {
    return new Set([...this.inputs, ...this.layers.flatMap((layer) => [layer.name, ...layer.bottoms, ...layer.tops])]);
  }

  /** The first of `base`, `base2`, `base3` … that no layer or blob is called. */
  freeName(base: string): string {
    const { names } = this;
    let name = base;
    for (let number = 2; names.has(name); number++) name = `${base}${number}`;
    return name;
  }
}

/**
 * Reads a network definition.
 *
 * @throws {CaffeError} ERR_CAFFE_PROTOTXT for a syntax error, a value of the wrong kind, a layer with both include and
 *                      exclude, or a solver; ERR_CAFFE_UNSUPPORTED for the layers of Caffe's first versions (`layers { … }`).
 */
export function readNetwork(source: PrototxtSource): Network {
  const document = documentOf(source);
  refuseOldLayers(document.root);
  refuseOtherFiles(document.root);
  const { source: text } = document.root;
  return new Network(
    document,
    document.root.fieldsNamed('layer').map((field) => readLayer(field, text)),
  );
}

/** The names of some layers, each once, in file order. */
export function namesOf(network: Network, layers: ReadonlySet<Layer>): string[] {
  return [...new Set(network.layers.filter((layer) => layers.has(layer)).map((layer) => layer.name))];
}

/** The rules of some layers, included and excluded alike. */
export function rulesOf(layers: readonly Layer[]): NetStateRule[] {
  return layers.flatMap((layer) => [...layer.include, ...layer.exclude]);
}

function readLayer(field: FieldNode, source: SourceText): Layer {
  const message = field.value;
  if (message.kind !== 'message') throw source.error(message.start, 'Write every layer on its own: layer { … }.');
  const layer = layerOf(field, message);
  if (hasBothRules(layer)) {
    throw source.error(field.start, `Layer '${layer.name}' has both include and exclude rules; Caffe takes one or the other.`, {
      layer: layer.name,
    });
  }
  return layer;
}

/** Whether a layer has rules of both kinds, which Caffe refuses. */
export function hasBothRules({ include, exclude }: Layer): boolean {
  return include.length > 0 && exclude.length > 0;
}

/** The layer that a message describes. @throws {CaffeError} ERR_CAFFE_PROTOTXT for a value of the wrong kind. */
export function layerOf(field: FieldNode, message: MessageNode): Layer {
  return {
    name: message.string('name') ?? '',
    type: message.string('type') ?? '',
    bottoms: message.strings('bottom'),
    tops: message.strings('top'),
    include: message.messages('include').map(readRule),
    exclude: message.messages('exclude').map(readRule),
    lossWeights: message.numbers('loss_weight'),
    field,
    message,
  };
}

function refuseOldLayers(root: MessageNode): void {
  const [old] = root.fieldsNamed('layers');
  if (!old) return;
  const { line, column } = root.source.locate(old.start);
  throw new CaffeError('ERR_CAFFE_UNSUPPORTED', `Line ${line}: 'layers { … }' is the notation of Caffe's first versions.`, {
    line,
    column,
    hint: 'Bring the file up to date first, with prototxt.upgrade.',
  });
}

/** A file without layers that is something else, or misspelt. */
function refuseOtherFiles(root: MessageNode): void {
  if (root.fieldsNamed('layer').length > 0) return;
  const solver = solverField(root);
  if (solver) {
    throw root.source.error(solver.start, `'${solver.name}' belongs to a solver; this is no network.`, { hint: networkOfSolver(root) });
  }
  const odd = root.fields.find(({ name, value }) => value.kind === 'message' && nearestTo(name, ['layer']) !== undefined);
  if (odd) throw root.source.error(odd.start, `'${odd.name}' is no field of a network.`, { hint: "Did you mean 'layer'?" });
}

function networkOfSolver(root: MessageNode): string | undefined {
  const [net] = root.fieldsNamed('net', 'train_net');
  return net?.value.kind === 'string' ? `Its network is ${net.value.value}.` : undefined;
}
