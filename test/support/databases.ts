/** Small databases of images for the tests of the tools. */
import { type NativeRecord, native } from '../../lib/native';

/** Raw pixels that are told apart: value = (7·index + 31·pixel + 97·channel) mod 256. */
export function imageOf(index: number, { height = 4, width = 5, channels = 3, label = index % 2 } = {}): NativeRecord {
  const pixels = Uint8Array.from(
    { length: height * width * channels },
    (_, i) => 7 * index + 31 * Math.floor(i / channels) + 97 * (i % channels),
  );
  return { key: String(index).padStart(8, '0'), label, channels, height, width, pixels };
}

/** Interleaved RGB (or grey) as B, G, R planes. */
export function planesOf({ pixels = new Uint8Array(), channels }: Pick<NativeRecord, 'pixels' | 'channels'>): number[] {
  const order = channels === 3 ? [2, 1, 0] : [0];
  return order.flatMap((channel) => Array.from(pixels).filter((_, i) => i % channels === channel));
}

export async function writeDatabase(target: string, records: NativeRecord[]): Promise<string> {
  const writer = await native.createDatabase(target);
  try {
    if (records.length > 0) await writer.putRecords(records);
  } finally {
    await writer.close();
  }
  return target;
}

export async function readDatabase(target: string) {
  const reader = await native.openDatabase(target);
  try {
    return await reader.read(0, reader.count);
  } finally {
    await reader.close();
  }
}
