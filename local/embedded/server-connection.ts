import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Clock } from '../../functions/rocketmq/clock.ts';
import { FrameDecoder, type FrameListener } from '../../functions/rocketmq/protocol/frame-decoder.ts';
import type { RemotingCommand, SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { encodeFrame } from '../../functions/rocketmq/protocol/remoting-command.ts';
import type { HostAndPort } from '../../functions/rocketmq/protocol/stored-message.ts';
import { resetSocket } from '../faults/reset-socket.ts';
import type { CloseKind } from './fault.ts';

/** What a connection reports to its server. */
export interface ConnectionListener {
  readonly onFrame: FrameListener;
  /** The stream cannot be cut into frames any more. */
  readonly onBroken: () => void;
  readonly onClosed: () => void;
}

/** One accepted connection. Identity of a client as a broker sees it (Java: `Channel`). */
export class ServerConnection {
  /** Counts the connections of the server from 1. */
  readonly id: number;
  /** The client's end. */
  readonly remote: HostAndPort;
  /** The TCP connection, whatever is spoken on it. */
  readonly #socket: Socket;
  /** What frames go through: the socket, or TLS on it. */
  #stream: Socket;
  readonly #clock: Clock;
  readonly #listener: ConnectionListener;
  readonly #calls = new Map<number, (answer: RemotingCommand | undefined) => void>();
  #lastActivityAt: number;
  #nextOpaque = 0;

  constructor(id: number, socket: Socket, clock: Clock, listener: ConnectionListener) {
    this.id = id;
    this.#socket = socket;
    this.#stream = socket;
    this.#clock = clock;
    this.#listener = listener;
    this.#lastActivityAt = clock.now();
    this.remote = { host: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
    socket.setNoDelay(true);
    // A reset by the client is an end like any other; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const settle of this.#calls.values()) settle(undefined);
      listener.onClosed();
    });
  }

  /** Starts to read frames from the socket, or from TLS on it, once so many bytes are there. */
  listen(stream: Socket, firstBytes: number): void {
    this.#stream = stream;
    const decoder = new FrameDecoder(this.#listener.onFrame);
    let isBroken = false;
    let first: Buffer | undefined = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      this.#lastActivityAt = this.#clock.now();
      if (isBroken) return;
      let bytes = chunk;
      if (first !== undefined) {
        bytes = first.length === 0 ? chunk : Buffer.concat([first, chunk]);
        first = bytes.length < firstBytes ? bytes : undefined;
        if (first !== undefined) return;
      }
      try {
        decoder.push(bytes);
      } catch {
        // Only the cutting into frames can throw here: nothing after it makes sense, whatever the server does about it.
        isBroken = true;
        this.#listener.onBroken();
      }
    });
    // Of TLS: the socket below it closes next, which is what is listened to.
    if (stream !== this.#socket) stream.on('error', () => undefined);
    // It may have been stopped to look at its first byte.
    stream.resume();
  }

  get isOpen(): boolean {
    return this.#stream.writable;
  }

  /** Epoch ms of the last byte in either direction, by the server's clock. */
  get lastActivityAt(): number {
    return this.#lastActivityAt;
  }

  /** An opaque for the next request that this server sends to the client. */
  nextOpaque(): number {
    return this.#nextOpaque++;
  }

  /** Writes one frame; does nothing when the connection is closed. */
  write(command: RemotingCommand, serializeType: SerializeType): void {
    if (!this.isOpen) return;
    this.#lastActivityAt = this.#clock.now();
    this.#stream.write(encodeFrame(command, serializeType));
  }

  /** The client's answer to a request that is about to be sent; `undefined` when none comes in time, or the connection ends. */
  answerTo(opaque: number, timeoutMs: number): Promise<RemotingCommand | undefined> {
    if (!this.isOpen) return Promise.resolve(undefined);
    const { promise, resolve } = Promise.withResolvers<RemotingCommand | undefined>();
    const limit = setTimeout(() => this.#calls.get(opaque)?.(undefined), timeoutMs);
    limit.unref();
    this.#calls.set(opaque, (answer) => {
      clearTimeout(limit);
      this.#calls.delete(opaque);
      resolve(answer);
    });
    return promise;
  }

  /** Takes an answer of the client; one that nobody waits for is dropped. */
  settle(answer: RemotingCommand): void {
    this.#calls.get(answer.opaque)?.(answer);
  }

  /** Closes the connection: in order, after what was written has left, or by a reset. */
  close(how: CloseKind): void {
    if (how === 'RST') resetSocket(this.#socket);
    // Once: a fault may strike many requests of one connection.
    else if (!this.#stream.writableEnded) this.#stream.destroySoon();
  }

  /** Closes the connection at once: what the client has not taken off the socket yet may be lost, as when a server dies. */
  cut(how: CloseKind): void {
    if (how === 'RST') resetSocket(this.#socket);
    else this.#socket.destroy();
  }
}
