import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type Clock, monotonicMs } from '../clock.ts';
import { RemotingCommandError, RemotingSendRequestError } from '../errors.ts';
import { ByteWriter, type Encodable } from '../protocol/byte-writer.ts';
import type { ExtFields, SharedFields } from '../protocol/ext-fields.ts';
import { FrameDecoder, MAX_FRAME_BYTES } from '../protocol/frame-decoder.ts';
import { LANGUAGE_OTHER } from '../protocol/language-code.ts';
import { DECLARED_VERSION } from '../protocol/mq-version.ts';
import {
  decodeFrame,
  EMPTY_BODY,
  isOneway,
  isResponse,
  ONEWAY_FLAG,
  RESPONSE_FLAG,
  type RemotingCommand,
  type SerializeType,
  writeFrame,
} from '../protocol/remoting-command.ts';
import { ResponseCode } from '../protocol/response-code.ts';
import type { OpenSocket } from './dial.ts';
import { type RequestParts, wholeRequest } from './outgoing-request.ts';
import { type AnswerListener, outcomeOf, ResponseTable, tellWhenSettled } from './response-table.ts';
import { hookedRequest, type RpcHook } from './rpc-hook.ts';

/** An answer to a request that came from a server. */
export interface OutgoingAnswer {
  readonly code: number;
  readonly remark?: string;
  readonly extFields?: ExtFields;
  readonly body?: Uint8Array;
}

/**
 * Answers a request from a server. `undefined` means that its code is not supported; `'no answer'`, that none is written even
 * where the server forgot to say so. What a oneway request is answered is not written either.
 */
export type ServerRequestHandler = (
  request: RemotingCommand,
  connection: Connection,
) => HandlerResult | Promise<HandlerResult>;

type HandlerResult = OutgoingAnswer | 'no answer' | undefined;

/** Why a connection is not used any more; what metrics count the next one under. */
export type CloseReason = 'idle' | 'closed by peer' | 'error' | 'timeout' | 'protocol' | 'unused' | 'shutdown';

/**
 * One open connection to one server. Requests are told apart by their opaque and may be answered in any order; frames
 * written in one tick leave together. It keeps the process awake only while a request waits.
 *
 * A freeze may leave it dead unseen: `suspect` marks it so, and the first bytes received clear the mark.
 */
export class Connection {
  readonly addr: string;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #serializeType: SerializeType;
  readonly #hooks: readonly RpcHook[];
  readonly #handleRequest: ServerRequestHandler;
  readonly #onAnswer: ((addr: string, answer: RemotingCommand) => void) | undefined;
  readonly #onClosed: (connection: Connection, reason: CloseReason) => void;
  readonly #responses: ResponseTable;
  readonly #decoder: FrameDecoder;
  /** What was read last. */
  #chunk: Buffer | undefined;
  readonly #writer = new ByteWriter();
  /** Writes handed to the socket so far. */
  #writeNumber = 0;
  #isFlushScheduled = false;
  #closeReason: CloseReason | undefined;
  #closeCause: unknown;
  /** Set when it takes no new requests, and is closed once nothing waits. */
  #retireReason: CloseReason | undefined;
  #suspected = false;
  /** Whether it lets the process end. */
  #isAsleep = true;
  /** Wall clock, for the idle limit. */
  #lastUsedAt: number;
  /** Monotonic, to tell whether the server answered anything since a request. */
  #lastReceivedAt = 0;

  constructor(
    addr: string,
    { socket, read }: OpenSocket,
    options: {
      readonly clock: Clock;
      readonly serializeType: SerializeType;
      readonly hooks: readonly RpcHook[];
      readonly handleRequest: ServerRequestHandler;
      readonly onAnswer: ((addr: string, answer: RemotingCommand) => void) | undefined;
      readonly onClosed: (connection: Connection, reason: CloseReason) => void;
    },
  ) {
    this.addr = addr;
    this.#socket = socket;
    this.#clock = options.clock;
    this.#serializeType = options.serializeType;
    this.#hooks = options.hooks;
    this.#handleRequest = options.handleRequest;
    this.#onAnswer = options.onAnswer;
    this.#onClosed = options.onClosed;
    this.#lastUsedAt = this.#clock.now();
    this.#decoder = new FrameDecoder((buffer, start, end) => this.#receive(buffer, start, end));
    this.#responses = new ResponseTable(
      addr,
      () => this.#becomeIdle(),
      (startedAt) => this.#afterTimeout(startedAt),
    );
    read((buffer, bytes) => this.#read(buffer, bytes));
    socket.on('drain', () => this.flush());
    socket.on('end', () => this.close('closed by peer'));
    socket.on('error', (cause) => this.close('error', cause));
    socket.on('close', () => this.close('closed by peer'));
    socket.unref();
  }

  /** Whether a new request may be written on it. */
  get isUsable(): boolean {
    return this.endReason === undefined;
  }

  /** Why no new request may be written on it; undefined while one may. */
  get endReason(): CloseReason | undefined {
    return this.#closeReason ?? this.#retireReason;
  }

  /** Requests that wait for an answer. */
  get pendingCount(): number {
    return this.#responses.size;
  }

  /** True from `suspect` until the server is heard again: a failure may then come from before the freeze. */
  get isSuspect(): boolean {
    return this.#suspected;
  }

  /** Marks it as possibly dead unseen, at the beginning of an invocation. */
  suspect(): void {
    if (this.#responses.size === 0) this.#suspected = true;
  }

  /** Whether it was unused for longer than a limit; a clock that went backwards counts as yes. */
  isIdleFor(limitMs: number): boolean {
    const idleMs = this.#clock.now() - this.#lastUsedAt;
    return this.#responses.size === 0 && (idleMs > limitMs || idleMs < 0);
  }

  /**
   * Writes a request and waits for its answer, whatever its code.
   * @throws RemotingTimeoutError when the limit passes; the answer is then dropped when it comes.
   * @throws RemotingSendRequestError when the connection ends first; its outcome tells whether the frame was written.
   */
  request(request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return this.#hooks.length === 0 ? this.#answerTo(request, timeoutMs) : this.#answerAfterHooks(request, timeoutMs);
  }

  /**
   * As `request`, for what waits for the answer without a promise. It may be told of a failure at once. Where there are hooks it
   * is told as by a promise: they belong to the application, which finds itself in the asynchronous context of who asked.
   */
  requestFor(listener: AnswerListener, request: RequestParts, timeoutMs: number): void {
    if (this.#hooks.length === 0) this.#ask(listener, request, timeoutMs);
    else tellWhenSettled(listener, this.request(request, timeoutMs));
  }

  /** Writes a request that no answer is wanted to. Nothing tells whether it arrived. */
  oneway(request: RequestParts): void {
    this.#writeRequest(request, this.#responses.takeOpaque(), ONEWAY_FLAG);
  }

  /** Takes no new request, and ends it once nothing waits for an answer any more. */
  retire(reason: CloseReason): void {
    this.#retireReason ??= reason;
    if (this.#responses.size === 0) this.close(this.#retireReason);
  }

  /** Ends it at once. What waits fails: `notSent` where its frame was not written yet, else `unknown`. */
  close(reason: CloseReason, cause?: unknown): void {
    if (this.#closeReason !== undefined) return;
    this.#closeReason = reason;
    this.#closeCause = cause;
    this.#sleep();
    this.#socket.destroy();
    this.#responses.failAll((opaque, writeNumber, elapsedMs) => {
      const outcome = outcomeOf(writeNumber <= this.#writeNumber);
      const hint = this.#lastReceivedAt === 0 ? silenceHint('encrypted' in this.#socket) : undefined;
      return new RemotingSendRequestError(this.addr, opaque, outcome, elapsedMs, cause, hint);
    });
    this.#onClosed(this, reason);
  }

  #writeRequest(request: RequestParts, opaque: number, flag: number): void {
    const hooked: RequestParts = this.#hooks.length === 0 ? request : hookedRequest(this.#hooks, this.addr, request);
    const { code, unsignedFields, sharedFields, body, version } = hooked;
    const extFields = unsignedFields === undefined ? hooked.extFields : { ...hooked.extFields, ...unsignedFields };
    this.#write(code, opaque, flag, undefined, extFields, body, version, sharedFields);
  }

  #ask(listener: AnswerListener, request: RequestParts, timeoutMs: number): void {
    const opaque = this.#responses.takeOpaque();
    try {
      this.#writeRequest(request, opaque, 0);
    } catch (error) {
      listener.failed(error);
      return;
    }
    if (this.#isAsleep) this.#wake();
    this.#responses.add(opaque, timeoutMs, this.#writeNumber + 1, listener);
  }

  #answerTo(request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    return new Promise((resolve, reject) => {
      this.#ask({ startedAt: monotonicMs(), answered: resolve, failed: reject }, request, timeoutMs);
    });
  }

  /** Shows an answer to the hooks before who asked. What a hook throws is a failure of the request. */
  async #answerAfterHooks(request: RequestParts, timeoutMs: number): Promise<RemotingCommand> {
    const whole = wholeRequest(request);
    const answer = await this.#answerTo(whole, timeoutMs);
    for (const hook of this.#hooks) hook.afterResponse?.(this.addr, whole, answer);
    return answer;
  }

  #write(
    code: number,
    opaque: number,
    flag: number,
    remark: string | undefined,
    extFields: ExtFields,
    body: Uint8Array | Encodable | undefined,
    version: number = DECLARED_VERSION,
    sharedFields?: SharedFields,
  ): void {
    if (this.#closeReason !== undefined) {
      throw new RemotingSendRequestError(this.addr, opaque, 'notSent', 0, this.#closeCause);
    }
    const before = this.#writer.byteLength;
    // What the socket has nothing of any more, the system has: its memory is free.
    if (before === 0 && this.#socket.writableLength === 0) this.#writer.rewind();
    try {
      writeFrame(
        this.#writer,
        {
          code,
          language: LANGUAGE_OTHER,
          version,
          opaque,
          flag,
          remark,
          extFields,
          sharedFields,
        },
        body ?? EMPTY_BODY,
        this.#serializeType,
      );
      const frameBytes = this.#writer.byteLength - before;
      if (frameBytes > MAX_FRAME_BYTES) {
        const reason = `a frame of ${frameBytes} bytes is over the limit of ${MAX_FRAME_BYTES}`;
        throw new RemotingCommandError(reason, 0, undefined, 'out');
      }
    } catch (error) {
      this.#writer.truncate(before);
      throw error;
    }
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    // Runs when the promise jobs of this tick are done: all their frames leave in one write.
    process.nextTick(flushConnection, this);
  }

  /** Hands what was written to the socket, unless it is still busy with earlier writes; 'drain' comes back here. */
  flush(): void {
    this.#isFlushScheduled = false;
    if (this.#writer.byteLength === 0 || this.#closeReason !== undefined) return;
    if (this.#socket.writableNeedDrain) {
      this.#isFlushScheduled = true;
      return;
    }
    this.#writeNumber++;
    this.#lastUsedAt = this.#clock.now();
    this.#socket.write(this.#writer.take());
  }

  #read(buffer: Buffer, bytes: number): void {
    this.#suspected = false;
    this.#lastReceivedAt = monotonicMs();
    this.#chunk = buffer;
    try {
      this.#decoder.push(buffer, bytes);
    } catch (error) {
      this.close('protocol', error);
    }
    this.#lastUsedAt = this.#clock.now();
  }

  #receive(buffer: Buffer, start: number, end: number): void {
    const decoded = decodeFrame(buffer, start, end);
    // What comes next may be read into the same buffer; only a frame that was put together has one of its own.
    const isOwn = decoded.body.length === 0 || buffer !== this.#chunk;
    const command = isOwn ? decoded : { ...decoded, body: Buffer.from(decoded.body) };
    // An answer nobody waits for any more came after its limit: it is consumed, and that is all.
    if (isResponse(command)) {
      this.#onAnswer?.(this.addr, command);
      this.#responses.settle(command);
    } else this.#answer(command).catch((error) => this.close('error', error));
  }

  async #answer(request: RemotingCommand): Promise<void> {
    const handled = await this.#handled(request);
    if (handled === 'no answer' || isOneway(request) || this.#closeReason !== undefined) return;
    const { code, remark, extFields, body } = handled;
    try {
      this.#write(code, request.opaque, RESPONSE_FLAG, remark, extFields ?? {}, body);
    } catch (error) {
      // What a handler answered cannot be encoded: that is its fault, not the connection's.
      this.#write(ResponseCode.SYSTEM_ERROR, request.opaque, RESPONSE_FLAG, String(error), {}, undefined);
    }
  }

  async #handled(request: RemotingCommand): Promise<OutgoingAnswer | 'no answer'> {
    try {
      const answer = await this.#handleRequest(request, this);
      const remark = ` request type ${request.code} not supported`;
      return answer ?? { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark };
    } catch (error) {
      return { code: ResponseCode.SYSTEM_ERROR, remark: String(error) };
    }
  }

  #wake(): void {
    this.#isAsleep = false;
    this.#socket.ref();
  }

  #sleep(): void {
    this.#isAsleep = true;
    this.#socket.unref();
  }

  #becomeIdle(): void {
    this.#sleep();
    if (this.#retireReason !== undefined) this.close(this.#retireReason);
  }

  /** A server that was silent since the request began is not trusted with new ones; what still waits may be answered. */
  #afterTimeout(startedAt: number): void {
    if (this.#lastReceivedAt < startedAt) this.#retireReason ??= 'timeout';
  }
}

/**
 * What to look at when a server ends a connection on which it never said anything. One that requires TLS ends a plain one so;
 * one that wants a client certificate says that only after the handshake of TLS 1.3.
 */
function silenceHint(isEncrypted: boolean): string {
  return isEncrypted
    ? 'it never answered anything: does it want a client certificate?'
    : 'it never answered anything: does it require TLS?';
}

function flushConnection(connection: Connection): void {
  connection.flush();
}
