/** Collects the nodes and constants of an ONNX graph, and names them in the end. */
import type { Attributes, Initializer, Node, Value } from './model';

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly initializers: Initializer[] = [];
  private readonly names = new Set<string>();

  /** @param layer the name of the Caffe layer that the node does the work of. @returns its outputs, without names yet. */
  add(layer: string, type: string, inputs: readonly Value[], attributes: Attributes, doc: string, outputs = 1): Value[] {
    const node = {
      name: layer,
      type,
      inputs,
      outputs: Array.from({ length: outputs }, () => ({ name: '' })),
      attributes,
      doc,
    };
    this.nodes.push(node);
    return node.outputs;
  }

  constant(wanted: string, shape: readonly number[], data: Initializer['data']): Value {
    const value = { name: wanted };
    this.initializers.push({ value, shape, data });
    return value;
  }

  /**
   * Gives every value and node a name of its own.
   *
   * @param blobs what goes by the name of a blob of Caffe's; those come first.
   */
  nameAll(blobs: Iterable<[Value, string]>): void {
    const named = new Set<Value>();
    for (const [value, name] of blobs) {
      value.name = this.free(name);
      named.add(value);
    }
    for (const { value } of this.initializers) if (!named.has(value)) value.name = this.free(value.name);
    const nodes = new Set<string>();
    for (const node of this.nodes) {
      node.name = freeName(nodes, node.name);
      for (const output of node.outputs) if (output.name === '') output.name = this.free(`${node.name}/${node.type}`);
    }
  }

  private free(wanted: string): string {
    return freeName(this.names, wanted);
  }
}

/** The first of `wanted`, `wanted#2`, `wanted#3` … that is not taken, which it is then. */
function freeName(taken: Set<string>, wanted: string): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}#${number}`;
  taken.add(name);
  return name;
}
