/** A web server for one file that answers as real ones do, and in the ways in which they go wrong. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse, server: FileServer) => void;

export interface FileServer {
  /** Of any path. */
  url(path?: string): string;
  /** The header `range` of each request so far; undefined where there was none. */
  ranges: (string | undefined)[];
  headers: IncomingMessage['headers'][];
  /** Bytes that the client has: it tells, and connections are not dropped before, as what is on its way is lost with them. */
  seen: number;
  /** How the next requests are answered; the last for all that follow. */
  answer(...answers: Answer[]): void;
  close(): Promise<void>;
}

export async function startFileServer(): Promise<FileServer> {
  let answers: Answer[] = [];
  const ranges: FileServer['ranges'] = [];
  const headers: FileServer['headers'] = [];
  const server: Server = createServer((request, response) => {
    ranges.push(request.headers.range);
    headers.push(request.headers);
    const [next] = answers.length > 1 ? answers.splice(0, 1) : answers;
    next?.(request, response, started);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const started: FileServer = {
    seen: 0,
    url: (path = '/net.caffemodel') => `http://127.0.0.1:${port}${path}`,
    ranges,
    headers,
    answer: (...next) => {
      answers = next;
      ranges.length = 0;
      headers.length = 0;
      started.seen = 0;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return started;
}

/** Sends this much, and drops the connection when the client has it. */
export async function drop(response: ServerResponse, bytes: Buffer, server: FileServer, start = 0): Promise<void> {
  server.seen = start;
  response.write(bytes);
  while (server.seen < start + bytes.length && !response.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
  response.destroy();
}

/** The file, whole or from where it is asked for, if the client's tag is this file's. */
export function file(contents: Buffer, tag = '"1"', { until = Number.POSITIVE_INFINITY } = {}): Answer {
  return (request, response, server) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const valid = [undefined, tag].includes(request.headers['if-range'] as string | undefined);
    const start = range && valid ? Number(range[1]) : 0;
    if (start >= contents.length && start > 0) {
      response.writeHead(416, { 'content-range': `bytes */${contents.length}` }).end();
      return;
    }
    const body = contents.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag: tag,
      'content-length': body.length,
      ...(start > 0 ? { 'content-range': `bytes ${start}-${contents.length - 1}/${contents.length}` } : {}),
    });
    if (until >= body.length) response.end(body);
    else drop(response, body.subarray(0, until), server, start);
  };
}

/** The file, as far as `bytes` further, before the connection drops. */
export const dropping = (contents: Buffer, bytes: number, tag?: string): Answer => file(contents, tag, { until: bytes });

/** The beginning of the file, then silence. */
export function stalling(contents: Buffer, bytes: number): Answer {
  return (_, response) => {
    response.writeHead(200, { etag: '"1"', 'content-length': contents.length });
    response.write(contents.subarray(0, bytes));
  };
}

export const status =
  (code: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Answer =>
  (_, response) => {
    response.writeHead(code, headers).end(body);
  };
