import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { startLoopbackHttp } from '../loopback-http.ts';
import type { KeyAndCertificate } from '../tls-certificates.ts';
import { ParameterStore, ParameterStoreError, type ParameterType } from './parameter-store.ts';

/** What can go wrong: errors of the service by name, a request never answered, a connection closed without an answer. */
export type SsmFault = 'ThrottlingException' | 'AccessDeniedException' | 'InternalServerError' | 'hang' | 'close';

/** A request the endpoint received. */
export interface SsmCall {
  /** Name of the action, such as `GetParameters`. */
  readonly action: string;
  /** The parameters asked for, as the caller wrote them. */
  readonly names: readonly string[];
  readonly withDecryption: boolean;
  /** Epoch ms. */
  readonly at: number;
  /** The fault it met, if any. */
  readonly fault?: SsmFault;
}

/** What the endpoint holds at first. */
export interface SsmEndpointOptions {
  /** By name: the value of a String, or value and type. */
  readonly parameters?: Readonly<Record<string, string | { readonly value: string; readonly type: ParameterType }>>;
  /** Answers over TLS, as AWS does, with this certificate; else in plain text. */
  readonly tls?: KeyAndCertificate;
}

/**
 * Systems Manager's Parameter Store over HTTP or HTTPS on loopback, for `AWS_ENDPOINT_URL_SSM`: GetParameter, GetParameters and PutParameter, with
 * any credentials. It can be told to be slow or to fail, and it remembers every request.
 */
export interface SsmEndpoint extends AsyncDisposable {
  /** Value for `AWS_ENDPOINT_URL_SSM`. */
  readonly url: string;
  /** Every request received, oldest first. */
  readonly calls: readonly SsmCall[];
  /** Adds a version of a parameter and returns its number. Values that the service refuses are taken, the empty one for example. */
  set(name: string, value: string, type?: ParameterType): number;
  /** False when there was no such parameter. */
  delete(name: string): boolean;
  /** Lets the next requests fail, all of them when no number is given. A second call replaces the first. */
  fail(fault: SsmFault, times?: number): void;
  /** Answers again. Requests that hang go on hanging. */
  recover(): void;
  /** Lets every later answer take this long, in ms; 0 for none. */
  delay(latencyMs: number): void;
  /** Closes all connections. May be called twice. */
  stop(): Promise<void>;
}

/** Starts an endpoint on a port chosen by the system. */
export async function startSsmEndpoint({ parameters = {}, tls }: SsmEndpointOptions = {}): Promise<SsmEndpoint> {
  const store = new ParameterStore();
  for (const [name, given] of Object.entries(parameters)) {
    if (typeof given === 'string') store.set(name, given, 'String');
    else store.set(name, given.value, given.type);
  }
  const calls: SsmCall[] = [];
  const stopping = new AbortController();
  let failing: { readonly fault: SsmFault; left: number } | undefined;
  let latencyMs = 0;

  function nextFault(): SsmFault | undefined {
    if (failing === undefined || failing.left <= 0) return undefined;
    failing.left -= 1;
    return failing.fault;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const input = parsed(await text(request));
    const action = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSSM\./, '');
    const fault = nextFault();
    calls.push({ action, ...namesIn(input), at: Date.now(), ...(fault === undefined ? {} : { fault }) });
    if (latencyMs > 0) await after(latencyMs, undefined, { signal: stopping.signal });
    if (fault === 'hang') return;
    if (fault === 'close') {
      response.destroy();
      return;
    }
    const { statusCode, answer } = answerTo(store, action, input, fault);
    response.writeHead(statusCode, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() });
    response.end(JSON.stringify(answer));
  }

  const http = await startLoopbackHttp(serve, tls);

  function stop(): Promise<void> {
    stopping.abort();
    return http.stop();
  }

  return {
    url: http.url,
    calls,
    set: (name, value, type = 'String') => store.set(name, value, type),
    delete: (name) => store.delete(name),
    fail(fault, times = Number.POSITIVE_INFINITY) {
      failing = { fault, left: times };
    },
    recover() {
      failing = undefined;
    },
    delay(ms) {
      latencyMs = ms;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

const messages: Readonly<Record<Exclude<SsmFault, 'hang' | 'close'>, string>> = {
  ThrottlingException: 'Rate exceeded',
  AccessDeniedException: 'User is not authorized to perform this action on this resource.',
  InternalServerError: 'An error occurred on the server side.',
};

function answerTo(
  store: ParameterStore,
  action: string,
  input: object | undefined,
  fault: Exclude<SsmFault, 'hang' | 'close'> | undefined,
): { statusCode: number; answer: object } {
  try {
    if (fault !== undefined) {
      throw new ParameterStoreError(fault, messages[fault], fault === 'InternalServerError' ? 500 : 400);
    }
    if (input === undefined) throw new ParameterStoreError('SerializationException', 'The body is not a JSON object.');
    return { statusCode: 200, answer: perform(store, action, input) };
  } catch (error) {
    if (!(error instanceof ParameterStoreError)) throw error;
    return { statusCode: error.statusCode, answer: { __type: error.name, message: error.message } };
  }
}

function perform(store: ParameterStore, action: string, request: object): object {
  switch (action) {
    case 'GetParameter':
      return store.getParameter(request);
    case 'GetParameters':
      return store.getParameters(request);
    case 'PutParameter':
      return store.putParameter(request);
    default:
      throw new ParameterStoreError('UnknownOperationException', `This endpoint does not have the action "${action}".`);
  }
}

function parsed(body: string): object | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Not JSON: the service answers this with an error of its own, and so does `answerTo`.
    return undefined;
  }
}

function namesIn(
  request: { Name?: string; Names?: string[]; WithDecryption?: boolean } = {},
): Pick<SsmCall, 'names' | 'withDecryption'> {
  const names = request.Names ?? (request.Name === undefined ? [] : [request.Name]);
  return { names, withDecryption: request.WithDecryption ?? false };
}
