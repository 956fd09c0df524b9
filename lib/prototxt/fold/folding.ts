import type { BlobProto } from '../../io/blobproto';
import type { Layer, Network } from '../network/network';
import type { Edits } from '../text/edits';
import { requireOwnWeights, type WeightsFile, type WeightsLayer } from '../transform/weights-message';
import { affineOf, requireFoldable, Unfit } from './affine';
import { Connections } from './connections';
import { blobsOf, foldBefore, foldBehind, isProduct, type Product, productOf, productParam, requireProduct } from './product';

/** Where a folded layer stood: behind the product that it went into, or before it. */
type Side = 'behind' | 'before';

interface Folded {
  readonly host: Layer;
  readonly side: Side;
}

/** What is folded so far, and what that makes of text and weights. */
export class Folding {
  private readonly connections: Connections;
  private readonly stored: ReadonlyMap<string, WeightsLayer>;
  private readonly products = new Map<Layer, Product>();
  private readonly folded = new Map<Layer, Folded>();
  private readonly reasons = new Map<Layer, string[]>();

  /** @throws {CaffeError} ERR_CAFFE_WEIGHTS for the weights of another network. */
  constructor(
    private readonly network: Network,
    private readonly file: WeightsFile,
  ) {
    this.connections = new Connections(network);
    this.stored = new Map(file.layer.filter(({ blobs = [] }) => blobs.length > 0).map((layer) => [layer.name, layer]));
    requireOwnWeights(network, file);
  }

  isFolded(layer: Layer): boolean {
    return this.folded.has(layer);
  }

  /** Folds a layer into the product on one side of it, or remembers why that is not possible. */
  attempt(layer: Layer, side: Side): void {
    try {
      requireFoldable(layer);
      this.connections.requireAlone(layer);
      const host = side === 'behind' ? this.hostInFront(layer) : this.hostBehind(layer);
      requireProduct(host);
      this.connections.requireAlone(host);
      const affine = affineOf(layer, this.blobsOf(layer));
      const product = this.products.get(host) ?? productOf(host, this.blobsOf(host));
      this.products.set(host, (side === 'behind' ? foldBehind : foldBefore)(product, affine));
      this.folded.set(layer, { host, side });
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      const reasons = this.reasons.get(layer) ?? [];
      this.reasons.set(layer, [...new Set([...reasons, error.message])]);
    }
  }

  report(): {
    folded: { layer: string; type: string; into: string }[];
    kept: { layer: string; type: string; reason: string }[];
  } {
    const { layers } = this.network;
    return {
      folded: layers.flatMap((layer) => {
        const host = this.folded.get(layer)?.host;
        return host ? [{ layer: layer.name, type: layer.type, into: host.name }] : [];
      }),
      kept: layers.flatMap((layer) => {
        const reasons = this.isFolded(layer) ? undefined : this.reasons.get(layer);
        return reasons ? [{ layer: layer.name, type: layer.type, reason: `${reasons.join('; ')}.` }] : [];
      }),
    };
  }

  edit(edits: Edits): void {
    for (const layer of this.folded.keys()) edits.remove(layer.field);
    for (const [host, { hadBias }] of this.products) {
      const [bottom] = host.message.stringNodes('bottom');
      const [top] = host.message.stringNodes('top');
      const blobs = this.blobsAround(host);
      if (bottom && bottom.value !== blobs.bottom) edits.setString(bottom, blobs.bottom);
      if (top && top.value !== blobs.top) edits.setString(top, blobs.top);
      const param = host.message.message(productParam(host));
      if (!hadBias && param) edits.setScalar(param, 'bias_term', 'true');
    }
  }

  weights(): WeightsFile {
    const gone = new Set([...this.folded.keys()].map(({ name }) => name));
    const changed = new Map([...this.products].map(([host, product]) => [host.name, { host, product }]));
    const layer = this.file.layer
      .filter(({ name }) => !gone.has(name))
      .map((stored) => {
        const change = changed.get(stored.name);
        return change ? this.changedLayer(stored, change.host, change.product) : stored;
      });
    return { ...this.file, layer };
  }

  /** A weights file may describe its layers; then it says of this one what is true of it now. */
  private changedLayer(stored: WeightsLayer, host: Layer, product: Product): WeightsLayer {
    const param = productParam(host);
    const { bottom, top } = this.blobsAround(host);
    return {
      ...stored,
      ...(stored.bottom ? { bottom: [bottom] } : {}),
      ...(stored.top ? { top: [top] } : {}),
      ...(stored[param] ? { [param]: { ...(stored[param] as object), bias_term: true } } : {}),
      blobs: blobsOf(product),
    };
  }

  /** What a product reads and writes when its neighbours are gone. */
  private blobsAround(host: Layer): { bottom: string; top: string } {
    const neighbours = (side: Side) =>
      this.network.layers.filter((layer) => this.folded.get(layer)?.host === host && this.folded.get(layer)?.side === side);
    const bottom = neighbours('before')[0]?.bottoms[0] ?? host.bottoms[0] ?? '';
    const top = neighbours('behind').at(-1)?.tops[0] ?? host.tops[0] ?? '';
    return { bottom, top };
  }

  private hostInFront(layer: Layer): Layer {
    const front = this.connections.producer(layer);
    const host = this.hostOf(front, 'behind');
    if (!host) throw new Unfit(`'${front.name}' (${front.type}) in front of it cannot take it`);
    this.connections.requireOnlyReader(front, layer);
    return host;
  }

  private hostBehind(layer: Layer): Layer {
    const next = this.connections.onlyReader(layer);
    const host = this.hostOf(next, 'before');
    if (!host) throw new Unfit(`'${next.name}' (${next.type}) behind it cannot take it`);
    return host;
  }

  /** A product itself, or the one that a neighbour has gone into. */
  private hostOf(neighbour: Layer, side: Side): Layer | undefined {
    if (isProduct(neighbour)) return neighbour;
    const folded = this.folded.get(neighbour);
    return folded?.side === side ? folded.host : undefined;
  }

  private blobsOf({ name }: Layer): readonly BlobProto[] {
    return this.stored.get(name)?.blobs ?? [];
  }
}
