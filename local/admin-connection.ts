import type { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { ExtFields } from '../functions/rocketmq/protocol/ext-fields.ts';
import { FrameDecoder } from '../functions/rocketmq/protocol/frame-decoder.ts';
import { LANGUAGE_OTHER } from '../functions/rocketmq/protocol/language-code.ts';
import { DECLARED_VERSION } from '../functions/rocketmq/protocol/mq-version.ts';
import {
  decodeFrame,
  EMPTY_BODY,
  encodeFrame,
  isResponse,
  type RemotingCommand,
  type SerializeType,
} from '../functions/rocketmq/protocol/remoting-command.ts';

/** A request of the admin connection: what a test may want to change about a frame is optional. */
export interface AdminRequest {
  readonly code: number;
  readonly extFields?: ExtFields;
  readonly body?: Uint8Array;
  readonly flag?: number;
  readonly version?: number;
  readonly serializeType?: SerializeType;
}

const CONNECT_LIMIT_MS = 3_000;
const ANSWER_LIMIT_MS = 10_000;

/**
 * One connection to a name server or broker with nothing but requests and answers: for setting up, reading back and looking
 * at servers from outside, without the client that is under test.
 */
export class AdminConnection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #pending = new Map<number, PromiseWithResolvers<RemotingCommand>>();
  readonly #pushes: RemotingCommand[] = [];
  #onPush: ((command: RemotingCommand) => void) | undefined;
  #nextOpaque = 1;

  private constructor(socket: Socket, addr: string) {
    this.#socket = socket;
    const decoder = new FrameDecoder((buffer, start, end) => this.#receive(decodeFrame(buffer, start, end)));
    socket.on('data', (chunk: Buffer) => decoder.push(chunk));
    socket.on('error', (cause) => this.#fail(new Error(`connection to ${addr} broke`, { cause })));
    socket.on('close', () => this.#fail(new Error(`connection to ${addr} was closed`)));
  }

  /** Connects to `host:port`. @throws Error when that is refused, or takes longer than 3 s. */
  static async open(addr: string): Promise<AdminConnection> {
    const colon = addr.lastIndexOf(':');
    const socket = createConnection({ host: addr.slice(0, colon), port: Number(addr.slice(colon + 1)), noDelay: true });
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_LIMIT_MS) });
    } catch (cause) {
      socket.destroy();
      throw new Error(`cannot connect to ${addr}`, { cause });
    }
    return new AdminConnection(socket, addr);
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends a request and resolves with its answer, whatever its code. @throws Error when none comes within 10 s. */
  async request(request: AdminRequest): Promise<RemotingCommand> {
    const opaque = this.write(request);
    const pending = Promise.withResolvers<RemotingCommand>();
    this.#pending.set(opaque, pending);
    const limit = setTimeout(() => {
      pending.reject(new Error(`no answer to request ${request.code} within ${ANSWER_LIMIT_MS} ms`));
    }, ANSWER_LIMIT_MS);
    try {
      return await pending.promise;
    } finally {
      clearTimeout(limit);
      this.#pending.delete(opaque);
    }
  }

  /** Sends a request without waiting for an answer; answers its opaque. */
  write({ code, extFields = {}, body = EMPTY_BODY, flag = 0, version, serializeType = 'JSON' }: AdminRequest): number {
    if (!this.isOpen) throw new Error('the connection is closed');
    const opaque = this.#nextOpaque++;
    const command = {
      code,
      language: LANGUAGE_OTHER,
      version: version ?? DECLARED_VERSION,
      opaque,
      flag,
      remark: undefined,
      extFields,
      body,
    };
    this.#socket.write(encodeFrame(command, serializeType));
    return opaque;
  }

  /** Bytes as they are, for frames that no encoder makes. */
  writeRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next request that the server sends to this client. */
  async nextPush(): Promise<RemotingCommand> {
    const early = this.#pushes.shift();
    if (early !== undefined) return early;
    return new Promise((resolve) => {
      this.#onPush = resolve;
    });
  }

  /** Resolves when the connection is closed, by whichever end. */
  async closed(): Promise<void> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  /** Closes the connection; resolves when it is gone. */
  async close(): Promise<void> {
    this.#socket.destroy();
    await this.closed();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #receive(command: RemotingCommand): void {
    if (isResponse(command)) {
      this.#pending.get(command.opaque)?.resolve(command);
      return;
    }
    const onPush = this.#onPush;
    this.#onPush = undefined;
    if (onPush === undefined) this.#pushes.push(command);
    else onPush(command);
  }

  #fail(error: Error): void {
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
