import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { abortError } from '../abort';
import { writing } from '../files';

export interface Digests {
  readonly sha1: string;
  readonly sha256: string;
}

/** What a server said of the file whose beginning we have: enough to know whether the rest still belongs to it. */
export interface Origin {
  readonly url: string;
  /** A strong ETag, or the time of the last change; undefined when the server gave neither. */
  readonly validator?: string;
  /** Bytes of the whole file, where the server said so. */
  readonly total?: number;
}

/** The checksums of what flows through. */
class Digester {
  private readonly hashes: Hash[] = [createHash('sha1'), createHash('sha256')];

  update(bytes: Uint8Array): void {
    for (const hash of this.hashes) hash.update(bytes);
  }

  /** Those of everything so far; more may follow. */
  get digests(): Digests {
    const [sha1 = '', sha256 = ''] = this.hashes.map((hash) => hash.copy().digest('hex'));
    return { sha1, sha256 };
  }
}

/** The checksums and the size of a file. @throws what the system says, or {CaffeError} ERR_CAFFE_ABORTED. */
export async function digestFile(file: string, signal?: AbortSignal): Promise<Digests & { size: number }> {
  const { digester, size } = await digest(file, signal);
  return { ...digester.digests, size };
}

async function digest(file: string, signal?: AbortSignal): Promise<{ digester: Digester; size: number }> {
  const digester = new Digester();
  let size = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    if (signal?.aborted) throw abortError(signal);
    digester.update(chunk as Buffer);
    size += (chunk as Buffer).length;
  }
  return { digester, size };
}

/**
 * A file on its way: `NAME.part`, beside it `NAME.part.json` with its origin. It is renamed when it is whole, and stays for the next
 * attempt when it is not.
 *
 * All methods: @throws {CaffeError} ERR_CAFFE_FILE for what the system refuses.
 */
export class PartialFile {
  private digester = new Digester();
  private length = 0;

  private constructor(
    private readonly target: string,
    private readonly handle: FileHandle,
    private source: Origin | undefined,
  ) {}

  /** Opens what an earlier attempt left of `target`, or begins. */
  static async open(target: string, signal?: AbortSignal): Promise<PartialFile> {
    return writing(target, async () => {
      const origin = await readOrigin(originFile(target));
      const handle = await open(partFile(target), 'a');
      const part = new PartialFile(target, handle, origin);
      try {
        if (!origin) await handle.truncate(0);
        const { digester, size } = await digest(partFile(target), signal);
        part.digester = digester;
        part.length = size;
        return part;
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  /** Bytes that are there. */
  get size(): number {
    return this.length;
  }

  get origin(): Origin | undefined {
    return this.source;
  }

  get digests(): Digests {
    return this.digester.digests;
  }

  /** Begins anew, with a file of this origin. */
  async restart(origin: Origin): Promise<void> {
    await writing(this.target, async () => {
      await this.handle.truncate(0);
      await writeFile(originFile(this.target), JSON.stringify(origin));
    });
    this.digester = new Digester();
    this.length = 0;
    this.source = origin;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await writing(this.target, () => this.handle.appendFile(bytes));
    this.digester.update(bytes);
    this.length += bytes.length;
  }

  /** Puts the whole file in its place. */
  async commit(): Promise<void> {
    await writing(this.target, async () => {
      await this.handle.sync();
      await rename(partFile(this.target), this.target);
      await rm(originFile(this.target), { force: true });
    });
  }

  async remove(): Promise<void> {
    await writing(this.target, async () => {
      await rm(partFile(this.target), { force: true });
      await rm(originFile(this.target), { force: true });
    });
  }

  /** What is there stays, if it is anything. */
  async close(): Promise<void> {
    const { size } = await this.handle.stat().finally(() => this.handle.close());
    if (size === 0) await this.remove();
  }
}

const partFile = (target: string) => `${target}.part`;
const originFile = (target: string) => `${target}.part.json`;

/** Undefined where there is none, or one that was cut off: then nobody knows what the part is a part of. */
async function readOrigin(file: string): Promise<Origin | undefined> {
  try {
    const { url, validator, total } = JSON.parse(await readFile(file, 'utf8'));
    return { url, validator, total };
  } catch {
    return undefined;
  }
}
