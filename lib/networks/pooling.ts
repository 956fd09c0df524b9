import { layers as L, type Top } from '../prototxt/builder/net-spec';
import type { Draft } from './draft';

/**
 * The average of each whole map. Published files spell it as a window as large as the map, which is right for their own size of
 * pictures only.
 *
 * @param window the side of the maps at the size the network was published for.
 */
export function averaged({ standardSize }: Draft, maps: Top, window: number): Top {
  const settings = standardSize ? { kernel_size: window, stride: 1 } : { global_pooling: true };
  return L.Pooling(maps, { pool: 'AVE', ...settings });
}
