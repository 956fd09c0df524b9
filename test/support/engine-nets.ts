/** Networks around one layer, as prototxt, and values for their parameters. */
import type { Net } from '../../lib/net';
import { noise } from './engine';

export const count = (shape: readonly number[]) => shape.reduce((all, extent) => all * extent, 1);
export const dims = (shape: readonly number[]) => shape.map((extent) => `dim: ${extent}`).join(' ');
const names = (kind: string, list: readonly string[]) => list.map((name) => `${kind}: "${name}"`).join(' ');

export function layer(type: string, name: string, bottoms: readonly string[], tops: readonly string[], settings: string): string {
  return `layer { name: "${name}" type: "${type}" ${names('bottom', bottoms)} ${names('top', tops)} ${settings} }\n`;
}

/** Values for all parameters: of a BatchNorm its sums, and what to divide them by. */
export function fill(net: Net, seed: number): void {
  for (const [name, blobs] of Object.entries(net.params)) {
    const normalises = net.layers.find((other) => other.name === name)?.type === 'BatchNorm';
    blobs.forEach((blob, index) => {
      const values = noise(blob.count, seed + index).map((value) => value / 2);
      blob.set(normalises && index === 1 ? values.map((value) => 3 * (value + 0.6)) : values);
      if (normalises && index === 2) blob.set([[3, 999.5, 0][seed % 3] ?? 1]);
    });
  }
}
