/** How each type of layer is written in ONNX. */
import { type Exporter, Inexpressible } from '../layer';
import { argMax } from './arg-max';
import { AXES } from './axes';
import { CONVOLUTIONS } from './convolution';
import { ELEMENTWISE } from './elementwise';
import { JOINS } from './joins';
import { NORMALIZATIONS } from './normalization';
import { POOLINGS } from './pooling';
import { PRODUCTS } from './products';

const EXPORTERS: ReadonlyMap<string, Exporter> = new Map(
  [{ ArgMax: argMax }, AXES, CONVOLUTIONS, ELEMENTWISE, JOINS, NORMALIZATIONS, POOLINGS, PRODUCTS].flatMap((family) =>
    Object.entries(family),
  ),
);

export function exporterOf(type: string): Exporter {
  return EXPORTERS.get(type) ?? unknown;
}

const unknown: Exporter = () => {
  throw new Inexpressible('this type of layer is not exported');
};
