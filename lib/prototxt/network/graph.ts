import type { Layer } from './network';

/** A layer that reads a blob, and as which of its bottoms. */
export interface Reader {
  readonly layer: Layer;
  readonly bottom: number;
}

/** A blob at one point of the run: who wrote it last. A layer that works in place writes the blob anew. */
export interface Version {
  readonly blob: string;
  /** Undefined for an input of the net. */
  readonly writer: Layer | undefined;
  readonly readers: Reader[];
}

/** Who produces and who consumes what, among layers that are in one net together. Their order is the order of the run. */
export class Graph {
  private readonly versions: (Version & { readonly writer: Layer })[] = [];
  private readonly written = new Map<Layer, Version[]>();
  private readonly sources = new Map<Layer, (Version | undefined)[]>();
  /** The inputs as they are before any layer runs. */
  readonly inputs: readonly Version[];

  /** @param inputs blobs that are there before any layer runs. */
  constructor(
    readonly layers: readonly Layer[],
    inputs: readonly string[] = [],
  ) {
    this.inputs = inputs.map((blob) => ({ blob, writer: undefined, readers: [] }));
    const current = new Map<string, Version>(this.inputs.map((version) => [version.blob, version]));
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
    return this.bottoms(layer)[bottom]?.writer;
  }

  /** What a layer reads; undefined where nobody writes it. */
  bottoms(layer: Layer): readonly (Version | undefined)[] {
    return this.sources.get(layer) ?? [];
  }

  /** What a layer writes. */
  tops(layer: Layer): readonly Version[] {
    return this.written.get(layer) ?? [];
  }

  /** The layers that read what this layer writes. */
  readers(layer: Layer): Reader[] {
    return this.tops(layer).flatMap(({ readers }) => readers);
  }

  /** What nobody reads: the outputs of the net, in the order in which they are written. */
  get outputs(): { blob: string; layer: Layer }[] {
    return this.versions.filter(({ readers }) => readers.length === 0).map(({ blob, writer }) => ({ blob, layer: writer }));
  }

  /** What is read but written by no layer: the inputs of the net, or a mistake. */
  get missing(): { blob: string; layer: Layer }[] {
    return this.layers.flatMap((layer) =>
      layer.bottoms.filter((_, bottom) => !this.bottoms(layer)[bottom]).map((blob) => ({ blob, layer })),
    );
  }

  /** A layer and everything that feeds it. */
  ancestors(layer: Layer): Set<Layer> {
    const found = new Set<Layer>();
    const waiting = [layer];
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      if (found.has(next)) continue;
      found.add(next);
      for (const source of this.bottoms(next)) if (source?.writer) waiting.push(source.writer);
    }
    return found;
  }
}
