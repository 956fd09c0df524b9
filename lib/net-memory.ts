/** What a net holds in memory. */
import type { NativeBlobBytes, NativeNet, NativeNetFacts } from './native';
import { recordOf } from './record';

/** Bytes that values and gradients hold: 0 before their first use. */
export type BlobMemory = Readonly<NativeBlobBytes>;

/** What the blobs of a net hold. Buffers that layers keep to themselves are not seen; those of the fast engine are `net.plan.bytes`. */
export interface NetMemory {
  /** By name; no prototype. Blobs that share their memory, such as those of Split layers, show it each. */
  readonly blobs: Readonly<Record<string, BlobMemory>>;
  /** By layer name; no prototype. Shared parameters show their memory at each layer. */
  readonly params: Readonly<Record<string, readonly BlobMemory[]>>;
  /** All of it; what is shared counts once. */
  readonly total: number;
}

export function memoryOf(net: NativeNet, { blobNames, layers }: NativeNetFacts): NetMemory {
  const { blobs, params, total } = net.memory();
  const none = { data: 0, diff: 0 };
  return {
    blobs: recordOf(blobNames.map((name, index) => [name, blobs[index] ?? none])),
    params: recordOf(layers.flatMap(({ name }, index) => (params[index]?.length ? [[name, params[index]]] : []))),
    total,
  };
}
