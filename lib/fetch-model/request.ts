/** One question to a server: redirects followed, silence limited, failures sorted into those worth another attempt and others. */
import { abortError } from '../abort';
import { CaffeError, messageOf } from '../errors';

/** A failure that another attempt may not meet: a dropped connection, silence, a server that is overloaded. */
export class PassingFailure extends Error {
  constructor(
    message: string,
    /** Milliseconds that the server asks to wait. */
    readonly wait = 0,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

export interface RequestOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds of silence after which the connection counts as dead. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The body, piece by piece. Leaving the loop ends the connection. */
  body(): AsyncGenerator<Uint8Array, void, undefined>;
  /** Ends the connection when nobody wants the body. */
  discard(): void;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_WAIT_MS = 60_000;

/** What no second attempt changes: a name that does not exist, a certificate that is none. */
const LASTING = /^(ENOTFOUND|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|ERR_SSL_)/;

/**
 * Asks for a URL.
 *
 * @throws {PassingFailure} for what may be better the next time; {CaffeError} ERR_CAFFE_FETCH for what will not; ERR_CAFFE_ABORTED.
 */
export async function request(url: string, options: RequestOptions): Promise<Reply> {
  const connection = new Connection(options);
  try {
    return await connection.open(url);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The requests that redirects make of one, under one clock. */
class Connection {
  private readonly controller = new AbortController();
  private readonly onAbort = () => this.controller.abort();
  private readonly ended: Promise<never>;
  private silent = false;

  constructor(private readonly options: RequestOptions) {
    this.ended = new Promise((_, reject) => this.controller.signal.addEventListener('abort', reject, { once: true }));
    this.ended.catch(() => {}); // nobody may be waiting
    options.signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  async open(url: string): Promise<Reply> {
    let at = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await this.watched(() =>
        // Bytes as they are stored: their number and their places are what a resumed download goes by.
        fetch(at, {
          headers: { ...this.options.headers, 'accept-encoding': 'identity' },
          redirect: 'manual',
          signal: this.controller.signal,
        }),
      );
      if (!REDIRECTS.has(response.status)) return this.accept(response, at);
      await response.body?.cancel();
      at = redirectOf(response, at);
    }
    throw new CaffeError('ERR_CAFFE_FETCH', `'${url}' leads from one address to the next more than ${MOST_REDIRECTS} times.`, {
      hint: 'The server is set up wrongly, or asks for a login: open the address in a browser.',
    });
  }

  close(): void {
    this.options.signal?.removeEventListener('abort', this.onAbort);
    this.controller.abort();
  }

  private accept(response: Response, url: string): Reply {
    const { status } = response;
    if (status === 408 || status === 429 || status >= 500) {
      throw new PassingFailure(`the server answered ${status} ${response.statusText}`.trim(), waitOf(response));
    }
    if (status !== 200 && status !== 206 && status !== 416) throw refusal(response, url);
    return { status, headers: response.headers, body: () => this.read(response), discard: () => this.close() };
  }

  private async *read(response: Response): AsyncGenerator<Uint8Array, void, undefined> {
    const reader = response.body?.getReader();
    try {
      for (;;) {
        const next = await this.watched(async () => reader?.read());
        if (!next || next.done) return;
        yield next.value;
      }
    } finally {
      this.close();
    }
  }

  /** Awaits the network; what it ends with is told apart here. */
  private async watched<Result>(wait: () => Promise<Result>): Promise<Result> {
    const { signal, timeout } = this.options;
    const silence = setTimeout(() => {
      this.silent = true;
      this.controller.abort();
    }, timeout);
    try {
      // fetch itself does not always end a read when it is aborted.
      return await Promise.race([wait(), this.ended]);
    } catch (error) {
      if (signal?.aborted) throw abortError(signal);
      if (this.silent) throw new PassingFailure(`the server was silent for ${timeout / 1000} s`);
      throw failureOf(error);
    } finally {
      clearTimeout(silence);
    }
  }
}

/** @throws {CaffeError} ERR_CAFFE_FETCH for a redirect to nowhere, or out of encryption. */
export function redirectOf(response: Pick<Response, 'headers'>, from: string): string {
  const location = response.headers.get('location') ?? '';
  const to = location !== '' && URL.canParse(location, from) ? new URL(location, from) : undefined;
  if (!to || !/^https?:$/.test(to.protocol)) {
    throw new CaffeError('ERR_CAFFE_FETCH', `'${from}' redirects to '${location}', which is no address to fetch from.`);
  }
  if (new URL(from).protocol === 'https:' && to.protocol === 'http:') {
    throw new CaffeError('ERR_CAFFE_FETCH', `'${from}' redirects to '${to}', out of encryption.`, {
      hint: 'Give that address itself, if you trust the way to it.',
    });
  }
  return to.href;
}

const REFUSALS: Record<number, string> = {
  401: 'The server asks for a login: fetch the file by hand.',
  403: 'The server does not give this file to everybody: fetch it by hand.',
  404: 'The file is not there any more: check the address.',
  410: 'The file is not there any more: check the address.',
};

function refusal({ status, statusText }: Response, url: string): CaffeError {
  return new CaffeError('ERR_CAFFE_FETCH', `'${url}' cannot be fetched: the server answered ${`${status} ${statusText}`.trim()}.`, {
    hint: REFUSALS[status],
  });
}

/** `Retry-After`, in seconds or as a date. */
function waitOf({ headers }: Response): number {
  const text = headers.get('retry-after') ?? '';
  const wait = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), MOST_WAIT_MS);
}

/** fetch says no more than 'fetch failed' or 'terminated'; what happened is the cause. */
function failureOf(error: unknown): Error {
  const cause = memberOf(error, 'cause') ?? error;
  const code = String(memberOf(cause, 'code') ?? '');
  // An attempt at several addresses has no message of its own.
  const message = messageOf(cause) || code;
  if (LASTING.test(code)) return new CaffeError('ERR_CAFFE_FETCH', `The server cannot be reached: ${message}.`, { cause: error });
  return new PassingFailure(message, 0, error);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
