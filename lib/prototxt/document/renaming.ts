import { CaffeError } from '../../errors';
import { readEntries, readOptions } from '../../given';
import { inputError } from '../input-error';
import { suggestion } from '../suggest';
import type { MessageNode, StringNode } from '../text/nodes';
import { type Connection, connectionsByState, connectionsOf } from './connections';

/** New names by present ones. */
export interface RenameOptions {
  /** Of layers. */
  readonly layers?: Readonly<Record<string, string>>;
  /** Of blobs, with every bottom, top and input that refers to them. */
  readonly blobs?: Readonly<Record<string, string>>;
  /** Of layers and of the blobs that are called like them. */
  readonly names?: Readonly<Record<string, string>>;
}

/** A name that was changed. */
export interface Renamed {
  readonly kind: 'layer' | 'blob';
  readonly from: string;
  readonly to: string;
  /** How often it stood in the file. */
  readonly count: number;
}

/** Layers, or blobs: where the file names them, and which there are together in a state of the net. */
interface Names {
  readonly kind: Renamed['kind'];
  readonly nodes: ReadonlyMap<string, readonly StringNode[]>;
  /** The names of each state. */
  together(): ReadonlySet<string>[];
}

/**
 * Which strings of a file get which new value. All renamings are made at once, so two names can be exchanged. In-place layers, and layers
 * of one name in several phases, go on sharing a name; parameters that are shared by `param { name }` are left alone.
 *
 * @throws {CaffeError} ERR_CAFFE_INPUT for a name that does not exist, a new one that is none, or one that another layer or blob has in
 *   the same phase.
 */
export function planRenaming(root: MessageNode, options: RenameOptions): { strings: [StringNode, string][]; renamed: Renamed[] } {
  const { layers = {}, blobs = {}, names = {} } = readOptions(options, ['layers', 'blobs', 'names']);
  const connections = connectionsOf(root);
  const inputs = root.stringNodes('input');
  const layerNames = namesIn('layer', connections, (layer) => layer.names, []);
  const blobNames = namesIn('blob', connections, (layer) => [...layer.bottoms, ...layer.tops], inputs);
  const both = readNames(names, 'names');
  for (const name of both.keys()) {
    if (!layerNames.nodes.has(name) && !blobNames.nodes.has(name)) throw unknown(name, 'layer or blob', [layerNames, blobNames]);
  }
  const plans = [plan(layerNames, readNames(layers, 'layers'), both), plan(blobNames, readNames(blobs, 'blobs'), both)];
  return { strings: plans.flatMap(({ strings }) => strings), renamed: plans.flatMap(({ renamed }) => renamed) };
}

function namesIn(
  kind: Renamed['kind'],
  connections: readonly Connection[],
  nodesOf: (connection: Connection) => readonly StringNode[],
  inputs: readonly StringNode[],
): Names {
  const nodes = new Map<string, StringNode[]>();
  for (const node of [...inputs, ...connections.flatMap(nodesOf)]) {
    const known = nodes.get(node.value);
    if (known) known.push(node);
    else nodes.set(node.value, [node]);
  }
  const valuesOf = (active: readonly Connection[]) => new Set([...inputs, ...active.flatMap(nodesOf)].map(({ value }) => value));
  return { kind, nodes, together: () => connectionsByState(connections).map(valuesOf) };
}

function plan(names: Names, own: ReadonlyMap<string, string>, both: ReadonlyMap<string, string>) {
  for (const name of own.keys()) if (!names.nodes.has(name)) throw unknown(name, names.kind, [names]);
  const wanted = new Map([...both, ...own].filter(([from, to]) => names.nodes.has(from) && from !== to));
  refuseCollisions(names, wanted);
  return {
    strings: [...wanted].flatMap(([from, to]) => (names.nodes.get(from) ?? []).map((node): [StringNode, string] => [node, to])),
    renamed: [...wanted].map(([from, to]): Renamed => ({ kind: names.kind, from, to, count: names.nodes.get(from)?.length ?? 0 })),
  };
}

/** Two names may become one only where no phase has both. */
function refuseCollisions({ kind, nodes, together }: Names, wanted: ReadonlyMap<string, string>): void {
  const renamed = new Map<string, string[]>();
  for (const [from, to] of wanted) renamed.set(to, [...(renamed.get(to) ?? []), from]);
  for (const [to, froms] of renamed) {
    const sharing = nodes.has(to) && !wanted.has(to) ? [...froms, to] : froms;
    for (const present of sharing.length > 1 ? together() : []) {
      const [from, other] = sharing.filter((name) => present.has(name));
      if (from === undefined || other === undefined) continue;
      throw new CaffeError(
        'ERR_CAFFE_INPUT',
        `The ${kind} '${from}' cannot be renamed to '${to}': ${kind} '${other}' would have the same name.`,
        {
          [kind]: from,
          hint: other === to ? `Rename '${to}' as well, or choose a name that is free.` : 'Give them different names.',
        },
      );
    }
  }
}

function readNames(record: Readonly<Record<string, string>>, option: string): Map<string, string> {
  const names = new Map(readEntries(record, `'${option}'`));
  for (const [from, to] of names) {
    if (typeof to !== 'string' || to === '') throw inputError(`${option}.${from}`, 'a name, which is not empty', to);
  }
  return names;
}

function unknown(name: string, kind: string, all: readonly Names[]): CaffeError {
  const known = all.flatMap(({ nodes }) => [...nodes.keys()]);
  return new CaffeError('ERR_CAFFE_INPUT', `There is no ${kind} '${name}'.`, { hint: suggestion(name, known) });
}
