import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { Clock } from '../../functions/rocketmq/clock.ts';
import { FrameDecoder, type FrameListener } from '../../functions/rocketmq/protocol/frame-decoder.ts';
import type { RemotingCommand, SerializeType } from '../../functions/rocketmq/protocol/remoting-command.ts';
import { encodeFrame } from '../../functions/rocketmq/protocol/remoting-command.ts';
import type { HostAndPort } from '../../functions/rocketmq/protocol/stored-message.ts';
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
  readonly #socket: Socket;
  readonly #clock: Clock;
  #lastActivityAt: number;
  #nextOpaque = 0;

  constructor(id: number, socket: Socket, clock: Clock, listener: ConnectionListener) {
    this.id = id;
    this.#socket = socket;
    this.#clock = clock;
    this.#lastActivityAt = clock.now();
    this.remote = { host: socket.remoteAddress ?? '0.0.0.0', port: socket.remotePort ?? 0 };
    const decoder = new FrameDecoder(listener.onFrame);
    let isBroken = false;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#lastActivityAt = clock.now();
      if (isBroken) return;
      try {
        decoder.push(chunk);
      } catch {
        // Only the cutting into frames can throw here: nothing after it makes sense, whatever the server does about it.
        isBroken = true;
        listener.onBroken();
      }
    });
    // A reset by the client is an end like any other; 'close' follows.
    socket.on('error', () => undefined);
    socket.on('close', listener.onClosed);
  }

  get isOpen(): boolean {
    return this.#socket.writable;
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
    this.#socket.write(encodeFrame(command, serializeType));
  }

  /** Closes the connection: in order, after what was written has left, or by a reset. */
  close(how: CloseKind): void {
    if (how === 'RST') this.#socket.resetAndDestroy();
    else this.#socket.destroySoon();
  }

  /** Closes the connection at once: what the client has not taken off the socket yet may be lost, as when a server dies. */
  cut(how: CloseKind): void {
    if (how === 'RST') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}
