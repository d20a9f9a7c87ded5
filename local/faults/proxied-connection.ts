import { Socket } from 'node:net';
import type { Direction, Ending, Fault } from './fault.ts';
import { Lane, type LaneMode } from './lane.ts';
import { resetSocket } from './reset-socket.ts';

/** What a connection tells the proxy. */
export interface ConnectionEvents {
  onBytes(direction: Direction, count: number): void;
  onAnswerDropped(): void;
  /** `hasClient` is false from now on. */
  onClientGone(): void;
  /** Both sides are closed; nothing more will come. */
  onClosed(): void;
}

const PASS: LaneMode = { kind: 'pass' };
const SWALLOW: LaneMode = { kind: 'swallow' };

/** One accepted connection with its counterpart at the target, and the fault it is under. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #server = new Socket({ allowHalfOpen: true });
  readonly #target: { readonly host: string; readonly port: number };
  readonly #toServer: Lane;
  readonly #toClient: Lane;
  #isConnected = false;
  #isForgotten = false;

  constructor(client: Socket, target: { readonly host: string; readonly port: number }, events: ConnectionEvents) {
    this.#client = client;
    this.#target = target;
    const onFrameDropped = () => events.onAnswerDropped();
    this.#toServer = new Lane(client, this.#server, {
      onBytes: (count) => {
        events.onBytes('toServer', count);
        if (this.#isForgotten) resetSocket(client);
      },
      onFrameDropped,
    });
    this.#toClient = new Lane(this.#server, client, {
      onBytes: (count) => events.onBytes('toClient', count),
      onFrameDropped,
    });
    client.on('end', () => {
      if (this.#isForgotten) resetSocket(client);
      events.onClientGone();
    });
    client.on('close', () => events.onClientGone());
    for (const socket of [client, this.#server]) {
      socket.on('close', () => {
        if (client.destroyed && (this.#server.destroyed || !this.#isConnected)) events.onClosed();
      });
    }
  }

  /** Whether the client has its side open: neither it nor the proxy has closed it. */
  get hasClient(): boolean {
    return !this.#client.destroyed && !this.#client.readableEnded;
  }

  /** Puts the connection under a fault, in place of the one before. */
  apply(fault: Fault): void {
    if (fault.kind === 'pass') this.#carry(PASS);
    else if (fault.kind === 'hold' || fault.kind === 'delay') this.#carry(fault, fault.direction);
    else if (fault.kind === 'dropAnswers') this.#carry({ kind: 'dropFrames', count: fault.count }, 'toClient');
    else if (fault.kind === 'blackHole') this.#silence();
    else if (fault.kind === 'close') this.#close(fault.side ?? 'both', fault.by);
    else if (fault.kind === 'forget') this.#forget();
    else {
      const { afterBytes, direction, by } = fault;
      this.#carry({ kind: 'cut', afterBytes, onCut: () => this.#close('both', by) }, direction);
    }
  }

  /** Closes both sockets at once. */
  destroy(): void {
    this.#silence();
    this.#client.destroy();
    this.#server.destroy();
  }

  /** Bytes go through; `mode` rules one direction, or both. */
  #carry(mode: LaneMode, direction?: Direction): void {
    if (!this.#isConnected) {
      this.#isConnected = true;
      this.#server.setNoDelay(true).connect(this.#target);
    }
    this.#toServer.mode = direction === 'toClient' ? PASS : mode;
    this.#toClient.mode = direction === 'toServer' ? PASS : mode;
  }

  #silence(): void {
    this.#toServer.mode = SWALLOW;
    this.#toClient.mode = SWALLOW;
  }

  #forget(): void {
    this.#close('server', 'fin');
    this.#isForgotten = true;
  }

  #close(side: 'client' | 'server' | 'both', by: Ending): void {
    // What one side's end means for the other is said by `side`, not by the lanes.
    this.#silence();
    if (side !== 'server') end(this.#client, by);
    if (side !== 'client' && this.#isConnected) end(this.#server, by);
  }
}

function end(socket: Socket, by: Ending): void {
  if (by === 'reset') resetSocket(socket);
  else socket.destroySoon();
}
