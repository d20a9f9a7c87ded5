import type { Socket } from 'node:net';
import { FrameBoundaries } from './frame-boundaries.ts';
import { resetSocket } from './reset-socket.ts';

/** What a lane does with the bytes that come along it. */
export type LaneMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'swallow' }
  | { readonly kind: 'hold' }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly onCut: () => void }
  | { readonly kind: 'dropFrames'; readonly count: number };

/** What a lane tells its owner. */
export interface LaneEvents {
  /** Bytes came from the source, whatever becomes of them. */
  onBytes(count: number): void;
  onFrameDropped(): void;
}

/**
 * One direction of a proxied connection: reads a source socket to its end and hands on to a sink what its mode lets through,
 * in order: bytes, FIN and RST alike.
 */
export class Lane {
  readonly #source: Socket;
  readonly #sink: Socket;
  readonly #events: LaneEvents;
  readonly #boundaries = new FrameBoundaries();
  readonly #waiting: { readonly dueAt: number; readonly act: () => void }[] = [];
  #mode: LaneMode = { kind: 'pass' };
  /** Bytes that may still pass (cut), or frames still to drop (dropFrames). */
  #left = 0;
  #isDropping = false;
  #missedEnding: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket, events: LaneEvents) {
    this.#source = source;
    this.#sink = sink;
    this.#events = events;
    source.on('data', (chunk) => this.#onData(chunk));
    source.on('end', () => this.#passEnding(() => sink.end()));
    // The reason of an error does not matter, 'close' tells that there was one.
    source.on('error', () => {});
    source.on('close', (hadError) => {
      this.#passEnding(() => (hadError ? resetSocket(sink) : sink.destroySoon()));
    });
    sink.on('drain', () => source.resume());
  }

  /** Changes the mode. Unless the new one is `hold` or `swallow`, what waits goes out now, and so does an ending that was swallowed. */
  set mode(mode: LaneMode) {
    this.#mode = mode;
    this.#left = mode.kind === 'cut' ? mode.afterBytes : mode.kind === 'dropFrames' ? mode.count : 0;
    clearTimeout(this.#timer);
    if (mode.kind === 'hold') return;
    const waiting = this.#waiting.splice(0);
    if (mode.kind === 'swallow') return;
    for (const { act } of waiting) act();
    this.#missedEnding?.();
    this.#missedEnding = undefined;
  }

  #onData(chunk: Buffer): void {
    // Frames are followed in every mode, so that a frame is known whole when it is to be dropped.
    const pieces = this.#boundaries.split(chunk);
    this.#events.onBytes(chunk.length);
    if (this.#mode.kind === 'cut') this.#cut(chunk, this.#mode.onCut);
    else if (this.#mode.kind !== 'dropFrames') this.#write(chunk);
    else for (const { bytes, isFrameStart } of pieces) this.#dropOrWrite(bytes, isFrameStart);
  }

  #cut(chunk: Buffer, onCut: () => void): void {
    this.#write(chunk.subarray(0, this.#left));
    if (chunk.length <= this.#left) {
      this.#left -= chunk.length;
      return;
    }
    this.#mode = { kind: 'swallow' };
    onCut();
  }

  #dropOrWrite(bytes: Buffer, isFrameStart: boolean): void {
    if (isFrameStart) {
      this.#isDropping = this.#left > 0;
      if (this.#isDropping) {
        this.#left--;
        this.#events.onFrameDropped();
      }
    }
    if (!this.#isDropping) this.#write(bytes);
  }

  #write(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pass(() => {
      if (this.#sink.writable && !this.#sink.write(bytes)) this.#source.pause();
    });
  }

  #passEnding(act: () => void): void {
    if (this.#mode.kind === 'swallow') this.#missedEnding = act;
    else this.#pass(act);
  }

  #pass(act: () => void): void {
    const mode = this.#mode;
    if (mode.kind === 'swallow') return;
    if (mode.kind === 'hold') this.#waiting.push({ dueAt: Number.POSITIVE_INFINITY, act });
    else if (mode.kind === 'delay') this.#actLater(mode.delayMs, act);
    else act();
  }

  #actLater(delayMs: number, act: () => void): void {
    this.#waiting.push({ dueAt: performance.now() + delayMs, act });
    if (this.#waiting.length === 1) this.#timer = setTimeout(() => this.#actOnDue(), delayMs);
  }

  #actOnDue(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#actOnDue(), waitMs);
        return;
      }
      this.#waiting.shift();
      next.act();
    }
  }
}
