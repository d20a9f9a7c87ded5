import { type Buffer, isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../functions/rocketmq/clock.ts';
import { type ExtFields, NO_EXT_FIELDS } from '../../functions/rocketmq/protocol/ext-fields.ts';
import {
  decodeFrame,
  EMPTY_BODY,
  frameSerializeType,
  isOneway,
  isResponse,
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  type RemotingCommand,
  type SerializeType,
} from '../../functions/rocketmq/protocol/remoting-command.ts';
import { ResponseCode } from '../../functions/rocketmq/protocol/response-code.ts';
import { type Answer, type Exchange, ProcessorError, type RequestHandler } from './exchange.ts';
import type { CloseKind, Fault } from './fault.ts';
import { FaultSwitches } from './fault-switches.ts';
import { FlowControl } from './flow-control.ts';
import { RequestLog } from './request-log.ts';
import { ServerConnection } from './server-connection.ts';
import { answerSerializeType, GO_AWAY_ABOVE_VERSION, isV5, unsupportedRequest } from './server-release.ts';
import { TlsAcceptor, type TlsSettings } from './tls-acceptor.ts';

const LANGUAGE_JAVA = 0;
/** A 5.x server reads nothing before it has so many bytes: they could be a header of HAProxy. */
const FIRST_BYTES_OF_V5 = 12;

/** Settings that name servers and brokers share. */
export interface EmbeddedServerOptions {
  /** Port on 127.0.0.1; 0 lets the system choose. */
  readonly port: number;
  /** Version number to report, and to behave like. */
  readonly version: number;
  /** A connection without a byte either way for so long is closed, in ms. */
  readonly idleCloseMs: number;
  readonly clock: Clock;
  /** Plain text only when absent. */
  readonly tls?: TlsSettings | undefined;
}

/** A server that speaks the remoting protocol on loopback: what an embedded name server and broker have in common. */
export abstract class EmbeddedServer implements AsyncDisposable {
  /** Faults of this server, for tests. */
  readonly faults = new FaultSwitches();
  /** What arrived. Survives a restart. */
  readonly requests = new RequestLog();
  /** How many sends it takes at a time. */
  readonly flow = new FlowControl();
  readonly clock: Clock;
  /** Version number to report, and to behave like; may be changed while clients are connected. */
  version: number;
  /** Serialization of answers where the release does not follow the request's; real servers have a setting for it. */
  serializeType: SerializeType = 'JSON';
  /** Graceful shutdown: clients that declare a version above 475 are answered GO_AWAY, whatever they ask. */
  isGoingAway = false;
  readonly #idleCloseMs: number;
  readonly #connections = new Set<ServerConnection>();
  #acceptedConnections = 0;
  #port: number;
  #server: Server | undefined;
  #stopped = new AbortController();
  #sweeper: NodeJS.Timeout | undefined;
  #tls: TlsAcceptor | undefined;

  constructor(options: EmbeddedServerOptions) {
    this.#port = options.port;
    this.version = options.version;
    this.#idleCloseMs = options.idleCloseMs;
    this.clock = options.clock;
    this.setTls(options.tls);
  }

  /** The handler of a request code, if there is one. */
  protected abstract handlerOf(code: number): RequestHandler | undefined;

  /** Called when a connection has gone. */
  protected abstract connectionClosed(connection: ServerConnection): void;

  /** Called when the server stops, after its connections were closed. */
  protected abstract serverStopped(): void;

  /** Where it listens, as `host:port`. */
  get addr(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get isRunning(): boolean {
    return this.#server !== undefined;
  }

  /** Changes what connections that come from now on may speak; `undefined` is plain text only. */
  setTls(settings: TlsSettings | undefined): void {
    this.#tls = settings && new TlsAcceptor(settings);
  }

  /** Open connections, and all that were ever accepted. */
  get connections(): { readonly live: number; readonly total: number } {
    return { live: this.#connections.size, total: this.#acceptedConnections };
  }

  /** Starts to listen. After a stop: on the same port, with everything it held. Does nothing when it runs. */
  async start(): Promise<void> {
    if (this.#server !== undefined) return;
    const server = createServer((socket) => this.#accept(socket));
    await once(server.listen({ host: '127.0.0.1', port: this.#port, exclusive: true }), 'listening');
    const address = server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
    this.#server = server;
    this.#stopped = new AbortController();
    this.#sweeper = setInterval(() => this.sweep(), Math.max(10, Math.min(1000, this.#idleCloseMs / 4)));
    this.#sweeper.unref();
  }

  /** Closes every connection and stops listening; answers under way are dropped. Does nothing when it does not run. */
  async stop(how: CloseKind = 'FIN'): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    clearInterval(this.#sweeper);
    this.#stopped.abort();
    this.flow.reset();
    const closed = once(server, 'close');
    server.close();
    for (const connection of this.#connections) connection.cut(how);
    this.serverStopped();
    await closed;
  }

  /** Stops and starts again, on the same port and with everything it held. */
  async restart(how: CloseKind = 'FIN'): Promise<void> {
    await this.stop(how);
    await this.start();
  }

  /** Closes every connection and goes on listening. */
  closeConnections(how: CloseKind): void {
    for (const connection of this.#connections) connection.close(how);
  }

  /** Closes what the clock says is idle for too long. Runs by itself every second; tests with their own clock call it. */
  sweep(): void {
    const idleSince = this.clock.now() - this.#idleCloseMs;
    for (const connection of this.#connections) if (connection.lastActivityAt <= idleSince) connection.close('FIN');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Sends a request to a client that nobody waits for an answer to. */
  protected push(
    connection: ServerConnection,
    code: number,
    extFields: ExtFields,
    body: Uint8Array = EMPTY_BODY,
  ): void {
    const opaque = connection.nextOpaque();
    connection.write(this.#command({ code, opaque, flag: ONEWAY_FLAG, extFields, body }), this.serializeType);
  }

  /** Sends a request to a client and resolves with its answer; `undefined` when none comes in time. */
  protected call(
    connection: ServerConnection,
    code: number,
    extFields: ExtFields,
    body: Uint8Array,
    timeoutMs: number,
  ): Promise<RemotingCommand | undefined> {
    const opaque = connection.nextOpaque();
    const answer = connection.answerTo(opaque, timeoutMs);
    connection.write(this.#command({ code, opaque, flag: 0, extFields, body }), this.serializeType);
    return answer;
  }

  #accept(socket: Socket): void {
    const connection: ServerConnection = new ServerConnection(++this.#acceptedConnections, socket, this.clock, {
      onFrame: (buffer, start, end) => this.#receive(connection, buffer, start, end),
      onBroken: () => connection.close('FIN'),
      onClosed: () => {
        this.#connections.delete(connection);
        this.connectionClosed(connection);
      },
    });
    this.#connections.add(connection);
    const firstBytes = isV5(this.version) ? FIRST_BYTES_OF_V5 : 0;
    if (this.#tls === undefined) connection.listen(socket, firstBytes);
    else this.#tls.accept(socket, (stream) => connection.listen(stream, firstBytes));
  }

  #receive(connection: ServerConnection, buffer: Buffer, start: number, end: number): void {
    let request: RemotingCommand;
    try {
      request = decodeFrame(buffer, start, end);
    } catch {
      connection.close('FIN');
      return;
    }
    // What 4.9 reads as well as it can, 5.x does not.
    if (isV5(this.version) && frameSerializeType(buffer, start) === 'JSON' && !isUtf8(frameHeader(buffer, start))) {
      connection.close('FIN');
      return;
    }
    if (isResponse(request)) {
      connection.settle(request);
      return;
    }
    this.requests.record(this.clock.now(), connection.id, request);
    const exchange = { request, connection };
    const serializeType = answerSerializeType(this.version, frameSerializeType(buffer, start), this.serializeType);
    const refusal = this.flow.enter(request.code);
    if (refusal !== undefined) {
      this.#reply(exchange, refusal, serializeType);
      return;
    }
    const reply = (answer: Answer | undefined) => {
      this.flow.leave(request.code);
      this.#reply(exchange, answer, serializeType);
    };
    const fault = this.faults.strike(request);
    if (fault === undefined) whenKnown(this.serve(exchange), reply);
    else this.#serveFaulty(exchange, fault, reply);
  }

  #serveFaulty(exchange: Exchange, fault: Fault, reply: (answer: Answer | undefined) => void): void {
    const process = (then: (answer: Answer | undefined) => void) => whenKnown(this.serve(exchange), then);
    if (fault.kind === 'delay') {
      if (fault.isHeld === true) this.#later(fault.until, () => process(reply));
      else process((answer) => this.#later(fault.until, () => reply(answer)));
      return;
    }
    const finish = (answer: Answer | undefined) => {
      if (fault.kind === 'close') exchange.connection.close(fault.how);
      reply(fault.kind === 'answer' ? { ...answer, code: fault.code, remark: fault.remark } : undefined);
    };
    if (fault.isStored === true) process(finish);
    else finish(undefined);
  }

  /** Goes on after so many ms, or when a promise has settled; never when the server stops before that. */
  #later(until: number | Promise<unknown>, then: () => void): void {
    const { signal } = this.#stopped;
    const settled = typeof until === 'number' ? delay(until, undefined, { signal, ref: false }) : until;
    const proceed = () => {
      if (!signal.aborted) then();
    };
    settled.then(proceed, proceed);
  }

  /** Processes a request, wherever it came from; faults do not strike here. `undefined` is no answer. */
  serve(exchange: Exchange): Answer | undefined | Promise<Answer | undefined> {
    const { code, version } = exchange.request;
    if (this.isGoingAway && version > GO_AWAY_ABOVE_VERSION) {
      return { code: ResponseCode.GO_AWAY, remark: 'please go away' };
    }
    const refusal = this.accessRefusal(exchange);
    if (refusal !== undefined) return refusal;
    const handler = this.handlerOf(code);
    if (handler === undefined) return this.unsupported(code);
    try {
      const answer = handler(exchange);
      return answer instanceof Promise ? answer.catch(systemError) : answer;
    } catch (error) {
      return systemError(error);
    }
  }

  /** Why a request may not be processed, whatever it asks. */
  protected accessRefusal(_exchange: Exchange): Answer | undefined {
    return undefined;
  }

  /** The answer to a request code that has no handler. */
  protected unsupported(code: number): Answer | undefined {
    return unsupportedRequest(code);
  }

  #reply({ request, connection }: Exchange, answer: Answer | undefined, serializeType: SerializeType): void {
    if (answer === undefined || isOneway(request)) return;
    const { code, remark, extFields = NO_EXT_FIELDS, body = EMPTY_BODY } = answer;
    const type = answer.isAlwaysJson === true && !isV5(this.version) ? 'JSON' : serializeType;
    connection.write(
      this.#command({ code, opaque: request.opaque, flag: RESPONSE_FLAG, remark, extFields, body }),
      type,
    );
  }

  #command(fields: Omit<RemotingCommand, 'language' | 'version' | 'remark'> & { remark?: string | undefined }) {
    return { remark: undefined, ...fields, language: LANGUAGE_JAVA, version: this.version };
  }
}

/** The bytes of a frame's header. */
function frameHeader(buffer: Buffer, start: number): Buffer {
  return buffer.subarray(start + 8, start + 8 + buffer.readUIntBE(start + 5, 3));
}

/** Goes on with an answer: at once where it is there, so that answers leave in the order of their requests. */
function whenKnown(
  answer: Answer | undefined | Promise<Answer | undefined>,
  then: (answer: Answer | undefined) => void,
): void {
  if (answer instanceof Promise) void answer.then(then);
  else then(answer);
}

/** What a processor that threw is answered with; Java names the exception. 4.9 writes it in its own serialization. */
function systemError(error: unknown): Answer {
  const remark = error instanceof ProcessorError ? error.message : String(error);
  return { code: ResponseCode.SYSTEM_ERROR, remark, isAlwaysJson: true };
}
