import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { FrameDecoder } from '../../functions/rocketmq/protocol/frame-decoder.ts';
import { ResponseCode } from '../../functions/rocketmq/protocol/response-code.ts';
import type { Load, Round } from '../contenders/load.ts';
import { percentile } from '../measure/spread.ts';
import { type BlastContent, BlastFrame, FIRST_OPAQUE } from './blast-frames.ts';

/** Opaques are used in turn; no window is as large. */
const OPAQUES = 1 << 24;
const HEADER_AT = 8;

/**
 * What no client on one connection can beat: frames encoded before the clock starts, their opaque patched in, a window of
 * them in flight, answers counted and their code looked at. It waits for no particular answer and keeps no message.
 */
export class FrameBlaster {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder((buffer, start) => this.#receive(buffer, start));
  #frames: readonly BlastFrame[] = [];
  #nextOpaque = FIRST_OPAQUE;
  #inFlight = 0;
  #answered = 0;
  #confirmed = 0;
  #refused = 0;
  #sendsLeft = 0;
  #onDrained: (() => void) | undefined;
  #sentAt = 0;
  #latenciesUs: number[] | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
  }

  /** Connects to a broker. */
  static async connect(brokerAddr: string): Promise<FrameBlaster> {
    const colon = brokerAddr.lastIndexOf(':');
    const [host, port] = [brokerAddr.slice(0, colon), Number(brokerAddr.slice(colon + 1))];
    const socket = createConnection({ host, port, noDelay: true });
    await once(socket, 'connect');
    return new FrameBlaster(socket);
  }

  /** One round. One at a time. */
  async run(load: Load, content: Omit<BlastContent, 'bodyBytes' | 'batch'>): Promise<Round> {
    const { bodyBytes, batch, window, warmupMs, durationMs, sends } = load;
    this.#frames = Array.from({ length: content.queues }, (_, queueId) => {
      return new BlastFrame({ ...content, bodyBytes, batch }, queueId);
    });
    this.#sendsLeft = sends ?? Number.POSITIVE_INFINITY;
    const isTimed = window === 1 && batch === 1;
    // In the warm-up too: the first answer of the measured part is to a frame written before.
    this.#latenciesUs = isTimed ? [] : undefined;
    if (sends === undefined) {
      this.#write(window);
      await after(warmupMs);
    }
    this.#confirmed = 0;
    this.#refused = 0;
    if (isTimed) this.#latenciesUs = [];
    const startedAt = performance.now();
    const cpuAtStart = process.cpuUsage();
    if (sends === undefined) await after(durationMs);
    else await this.#drained(() => this.#write(Math.min(window, sends)));
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuAtStart);
    const [messages, failed] = [this.#confirmed * batch, this.#refused];
    const sorted = Float64Array.from(this.#latenciesUs ?? []).sort();
    this.#sendsLeft = 0;
    await this.#drained();
    const latency = sorted.length === 0 ? {} : { p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) };
    return { messages, failed, elapsedMs, cpuUs: user + system, ...latency };
  }

  /** Ends the connection. */
  close(): void {
    this.#socket.destroy();
  }

  #drained(start: () => void = () => undefined): Promise<void> {
    return new Promise((resolve) => {
      this.#onDrained = resolve;
      start();
      if (this.#inFlight === 0) resolve();
    });
  }

  #write(most: number): void {
    const count = Math.min(most, this.#sendsLeft);
    if (count === 0) {
      if (this.#inFlight === 0) this.#onDrained?.();
      return;
    }
    this.#sendsLeft -= count;
    this.#inFlight += count;
    let bytes = 0;
    for (let index = 0; index < count; index++) bytes += this.#frameOf(this.#nextOpaque + index).bytes.length;
    const block = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (let index = 0; index < count; index++) {
      const opaque = this.#nextOpaque;
      at = this.#frameOf(opaque).copyTo(block, at, opaque);
      this.#nextOpaque = opaque + 1 === FIRST_OPAQUE + OPAQUES ? FIRST_OPAQUE : opaque + 1;
    }
    if (this.#latenciesUs !== undefined) this.#sentAt = performance.now();
    this.#socket.write(block);
  }

  #frameOf(opaque: number): BlastFrame {
    const frame = this.#frames[opaque % this.#frames.length];
    if (frame === undefined) throw new RangeError('a blaster needs at least one queue');
    return frame;
  }

  #read(chunk: Buffer): void {
    this.#answered = 0;
    this.#decoder.push(chunk);
    if (this.#answered === 0) return;
    this.#latenciesUs?.push((performance.now() - this.#sentAt) * 1000);
    this.#inFlight -= this.#answered;
    this.#write(this.#answered);
  }

  #receive(buffer: Buffer, start: number): void {
    const typeAndLength = buffer.readInt32BE(start + 4);
    const headerAt = start + HEADER_AT;
    const isBinary = typeAndLength >>> 24 === 1;
    const code: unknown = isBinary
      ? buffer.readInt16BE(headerAt)
      : JSON.parse(buffer.toString('utf8', headerAt, headerAt + (typeAndLength & 0xffffff))).code;
    this.#answered++;
    if (code === ResponseCode.SUCCESS) this.#confirmed++;
    else this.#refused++;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
