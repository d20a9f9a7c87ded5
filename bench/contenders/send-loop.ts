import { percentile } from '../measure/spread.ts';
import type { Load, Round } from './load.ts';

/**
 * Keeps `load.window` sends in flight: each is followed by the next as soon as it is settled. Warm-up and measured part
 * follow each other without a gap, so that the measured part begins and ends under full load.
 * @param send one send of `load.batch` messages; rejects unless all of them are confirmed.
 */
export async function measureSends(load: Load, send: () => Promise<unknown>): Promise<Round> {
  const loop = new SendLoop(load, send);
  return loop.run();
}

class SendLoop {
  readonly #load: Load;
  readonly #send: () => Promise<unknown>;
  readonly #latenciesUs: number[] = [];
  #messages = 0;
  #failed = 0;
  #sendsLeft: number;
  #isMeasuring = false;
  #isOver = false;

  constructor(load: Load, send: () => Promise<unknown>) {
    this.#load = load;
    this.#send = send;
    this.#sendsLeft = load.sends ?? Number.POSITIVE_INFINITY;
  }

  async run(): Promise<Round> {
    const { window, warmupMs, durationMs, sends } = this.#load;
    const loops = () => Promise.all(Array.from({ length: window }, () => this.#sendOneAfterTheOther()));
    if (sends !== undefined) return this.#measured(async () => void (await loops()));
    const running = loops();
    await after(warmupMs);
    const round = await this.#measured(() => after(durationMs));
    this.#isOver = true;
    await running;
    return round;
  }

  async #measured(work: () => Promise<void>): Promise<Round> {
    this.#isMeasuring = true;
    const startedAt = performance.now();
    const cpuAtStart = process.cpuUsage();
    await work();
    const elapsedMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(cpuAtStart);
    this.#isMeasuring = false;
    const sorted = Float64Array.from(this.#latenciesUs).sort();
    const latency = sorted.length === 0 ? {} : { p50Us: percentile(sorted, 0.5), p99Us: percentile(sorted, 0.99) };
    return { messages: this.#messages, failed: this.#failed, elapsedMs, cpuUs: user + system, ...latency };
  }

  async #sendOneAfterTheOther(): Promise<void> {
    const isTimed = this.#load.window === 1 && this.#load.batch === 1;
    while (!this.#isOver && this.#sendsLeft-- > 0) {
      const startedAt = isTimed ? performance.now() : 0;
      try {
        await this.#send();
        if (!this.#isMeasuring) continue;
        this.#messages += this.#load.batch;
        if (isTimed) this.#latenciesUs.push((performance.now() - startedAt) * 1000);
      } catch (error) {
        if (!this.#isMeasuring) continue;
        // The count tells how many; the first tells why.
        if (this.#failed++ === 0) console.error(error);
      }
    }
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
