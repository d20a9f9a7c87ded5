import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** An error in the shape in which Lambda's runtime reports it. */
export interface ReportedError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

/** What the runtime loop says to the Runtime API, in the order in which it says it. */
export type RuntimeCall =
  | { readonly kind: 'next' }
  | { readonly kind: 'init-error'; readonly error: ReportedError }
  | {
      readonly kind: 'response';
      readonly requestId: string;
      readonly payload: unknown;
      readonly leftBehind: readonly string[];
    }
  | {
      readonly kind: 'error';
      readonly requestId: string;
      readonly error: ReportedError;
      readonly leftBehind: readonly string[];
    };

/** An event on its way to the function. */
export interface Delivery {
  readonly requestId: string;
  readonly event: unknown;
  /** Epoch ms at which the invocation's time is over. */
  readonly deadlineAt: number;
  readonly functionArn: string;
  readonly traceId: string;
}

const prefix = '/2018-06-01/runtime/';

/** Longest answer that Lambda passes on to whoever waits for it. */
const MOST_ANSWER_BYTES = 6 * 1024 * 1024 + 100;

/** What an answer leaves behind is told in a header, thing by thing. */
const MOST_HEADER_BYTES = 16 * 1024 * 1024;

const answerTooLarge: ReportedError = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${MOST_ANSWER_BYTES} bytes).`,
  trace: [],
};

/**
 * Lambda's Runtime API (version 2018-06-01) for **one** process. A process must never share it with another: a late `next` of a
 * killed process would swallow the event meant for its successor.
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #calls: RuntimeCall[] = [];
  #waiting: ((call: RuntimeCall) => void) | undefined;
  #heldNext: ServerResponse | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a loopback port chosen by the system. */
  static async start(): Promise<RuntimeApi> {
    // A frozen process cannot answer; nothing may be closed for being idle meanwhile.
    const server = createServer({
      keepAliveTimeout: 0,
      requestTimeout: 0,
      headersTimeout: 0,
      maxHeaderSize: MOST_HEADER_BYTES,
    });
    const api = new RuntimeApi(server);
    server.on('request', (request, response) => {
      api
        .#serve(request, response)
        .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return api;
  }

  /** Value for `AWS_LAMBDA_RUNTIME_API`. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `127.0.0.1:${port}`;
  }

  /** The next thing the runtime says. One caller at a time. */
  nextCall(): Promise<RuntimeCall> {
    const call = this.#calls.shift();
    if (call !== undefined) return Promise.resolve(call);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Answers the `next` that the runtime holds open. */
  deliver({ requestId, event, deadlineAt, functionArn, traceId }: Delivery): void {
    if (this.#heldNext === undefined) throw new Error('The runtime has not asked for an event.');
    this.#heldNext
      .writeHead(200, {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': requestId,
        'lambda-runtime-deadline-ms': deadlineAt,
        'lambda-runtime-invoked-function-arn': functionArn,
        'lambda-runtime-trace-id': traceId,
      })
      .end(JSON.stringify(event ?? null));
    this.#heldNext = undefined;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (request.method === 'GET' && path === `${prefix}invocation/next`) {
      this.#heldNext = response;
      this.#say({ kind: 'next' });
      return;
    }
    const body = await text(request);
    const call =
      request.method === 'POST' && path.startsWith(prefix)
        ? callOf(path.slice(prefix.length), body, request)
        : undefined;
    response.writeHead(call === undefined ? 404 : 202, { 'content-type': 'application/json' }).end('{"status":"OK"}\n');
    if (call !== undefined) this.#say(call);
  }

  #say(call: RuntimeCall): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#calls.push(call);
    else waiting(call);
  }
}

function callOf(path: string, body: string, { headers }: IncomingMessage): RuntimeCall | undefined {
  if (path === 'init/error') return { kind: 'init-error', error: errorOf(body) };
  const [, requestId, what] = /^invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
  if (requestId === undefined) return undefined;
  const leftBehind = JSON.parse(String(headers['local-host-left-behind'] ?? '[]')) as string[];
  if (what === 'error') return { kind: 'error', requestId, leftBehind, error: errorOf(body) };
  return Buffer.byteLength(body) > MOST_ANSWER_BYTES
    ? { kind: 'error', requestId, leftBehind, error: answerTooLarge }
    : { kind: 'response', requestId, leftBehind, payload: JSON.parse(body) };
}

function errorOf(body: string): ReportedError {
  const { errorType, errorMessage, trace } = JSON.parse(body) as Partial<ReportedError>;
  return { errorType: errorType ?? 'Unknown', errorMessage: errorMessage ?? '', trace: trace ?? [] };
}
