import type { Layer } from './network';

/** A layer that reads a blob, and as which of its bottoms. */
export interface Reader {
  readonly layer: Layer;
  readonly bottom: number;
}

/** A blob at one point of the run: who wrote it last. A layer that works in place writes the blob anew. */
interface Version {
  readonly blob: string;
  readonly writer: Layer;
  readonly readers: Reader[];
}

/** Who produces and who consumes what, among layers that are in one net together. Their order is the order of the run. */
export class Graph {
  private readonly versions: Version[] = [];
  private readonly written = new Map<Layer, Version[]>();
  private readonly sources = new Map<Layer, (Version | undefined)[]>();

  constructor(readonly layers: readonly Layer[]) {
    const current = new Map<string, Version>();
    for (const layer of layers) {
      const bottoms = layer.bottoms.map((blob) => current.get(blob));
      this.sources.set(layer, bottoms);
      bottoms.forEach((version, bottom) => {
        version?.readers.push({ layer, bottom });
      });
      const tops = layer.tops.map((blob) => ({ blob, writer: layer, readers: [] }));
      this.written.set(layer, tops);
      for (const version of tops) {
        this.versions.push(version);
        current.set(version.blob, version);
      }
    }
  }

  /** The layer that wrote what a layer reads as its bottom of this index; undefined when none did. */
  producer(layer: Layer, bottom: number): Layer | undefined {
    return this.sources.get(layer)?.[bottom]?.writer;
  }

  /** The layers that read what this layer writes. */
  readers(layer: Layer): Reader[] {
    return (this.written.get(layer) ?? []).flatMap(({ readers }) => readers);
  }

  /** What nobody reads: the outputs of the net, in the order in which they are written. */
  get outputs(): { blob: string; layer: Layer }[] {
    return this.versions.filter(({ readers }) => readers.length === 0).map(({ blob, writer }) => ({ blob, layer: writer }));
  }

  /** What is read but written by no layer: the inputs of the net, or a mistake. */
  get missing(): { blob: string; layer: Layer }[] {
    return this.layers.flatMap((layer) =>
      layer.bottoms.filter((_, bottom) => !this.producer(layer, bottom)).map((blob) => ({ blob, layer })),
    );
  }

  /** A layer and everything that feeds it. */
  ancestors(layer: Layer): Set<Layer> {
    const found = new Set<Layer>();
    const waiting = [layer];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      for (const source of this.sources.get(next) ?? []) if (source) waiting.push(source.writer);
    }
    return found;
  }
}
