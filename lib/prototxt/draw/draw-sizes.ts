/** What a drawing tells of sizes: the shapes of blobs, the parameters and costs of layers, the whole in a line. */
import { checkDocument } from '../check/check';
import type { CheckOptions } from '../check/options';
import { resultOf } from '../check/result';
import type { PrototxtDocument } from '../document/document';
import type { Layer } from '../network/network';
import { grouped, rounded } from '../quantities';
import { type Shape, textOfShape } from '../shapes/shape';

export class Sizes {
  private readonly shapes = new Map<string, Shape>();
  /** By the place where the layer stands. */
  private readonly layers = new Map<number, string[]>();
  /** The totals of the first net; undefined where it has no shapes. */
  readonly caption: string | undefined;

  /** Of the nets that a file makes, the first in which a layer or blob is counts. */
  constructor(document: PrototxtDocument, options: CheckOptions) {
    const nets = checkDocument(document, options).nets;
    for (const net of nets) {
      const { layers, totals, blobs } = resultOf(net);
      for (const { name, shape } of blobs) if (shape && !this.shapes.has(name)) this.shapes.set(name, shape);
      net.graph.layers.forEach((layer, index) => {
        const { parameters = 0, multiplyAdds = 0 } = layers[index] ?? {};
        if (!this.layers.has(layer.field.start))
          this.layers.set(layer.field.start, linesOf(parameters, multiplyAdds / (totals.batch ?? 1)));
      });
      const { parameters, multiplyAdds, batch = 1 } = totals;
      if (blobs.some(({ shape }) => shape))
        this.caption ??= `${grouped(parameters)} parameters, ${rounded(multiplyAdds / batch)} multiply-adds per item`;
    }
  }

  /** The lines that a blob's label gets. */
  ofBlob(name: string): string[] {
    const shape = this.shapes.get(name);
    return shape ? [textOfShape(shape)] : [];
  }

  /** The lines that a layer's label gets. */
  ofLayer(layer: Layer): string[] {
    return this.layers.get(layer.field.start) ?? [];
  }
}

function linesOf(parameters: number, multiplyAdds: number): string[] {
  return [
    ...(parameters > 0 ? [`parameters: ${rounded(parameters)}`] : []),
    ...(multiplyAdds > 0 ? [`multiply-adds: ${rounded(multiplyAdds)}`] : []),
  ];
}
