/** New multipliers for layers, and the report of them. */

import type { Layer, Network } from '../network/network';
import { type Multipliers, multipliersOf, setMultipliers, settableParameters, UNSAID, withSharers } from '../network/params';
import type { Edits } from '../text/edits';

/** How the parameters of a layer learned and how they do now: an entry for each parameter blob. */
export interface RateChange {
  readonly layer: string;
  readonly before: readonly Multipliers[];
  readonly after: readonly Multipliers[];
}

/** The multipliers of all parameters of a layer, with Caffe's defaults where the file says nothing. */
export function effectiveMultipliers(layer: Layer): Multipliers[] {
  const said = multipliersOf(layer);
  return Array.from({ length: settableParameters(layer) }, (_, index) => said[index] ?? UNSAID);
}

/** What differs from what the file says; layers that share a parameter with a given one are among them. */
export function rateChanges(network: Network, rates: ReadonlyMap<Layer, readonly Multipliers[]>): Map<Layer, RateChange> {
  const changes = new Map<Layer, RateChange>();
  for (const [layer, after] of withSharers(network, rates)) {
    const before = effectiveMultipliers(layer);
    if (!sameMultipliers(before, after)) changes.set(layer, { layer: layer.name, before, after });
  }
  return changes;
}

export function applyRateChanges(edits: Edits, changes: ReadonlyMap<Layer, RateChange>): void {
  for (const [layer, { after }] of changes) setMultipliers(edits, layer, after);
}

function sameMultipliers(some: readonly Multipliers[], others: readonly Multipliers[]): boolean {
  return some.every(({ learning, decay }, index) => learning === others[index]?.learning && decay === others[index]?.decay);
}
