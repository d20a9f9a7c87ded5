import type { Clock } from '../clock.ts';

/** Latency in ms from which on a broker rests, and how long (Java: `MQFaultStrategy`, 5.2 and later). */
const LATENCY_MS = [50, 100, 550, 1800, 3000, 5000, 15_000] as const;
const REST_MS = [0, 0, 2000, 5000, 6000, 10_000, 30_000] as const;

const LONGEST_REST_MS = REST_MS[6];

/** A failed attempt counts as an answer after so long. */
const FAILURE_LATENCY_MS = 10_000;

interface Rest {
  /** Epoch ms. */
  readonly until: number;
  readonly isFailure: boolean;
}

/** Lets brokers that were slow or failed rest for a while. A rest ends by time alone, so no broker is lost for good. */
export class FaultStrategy {
  readonly #clock: Clock;
  readonly #rests = new Map<string, Rest>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a broker may be chosen now. A clock that went back far enough ends a rest early rather than never. */
  isAvailable(brokerName: string): boolean {
    const rest = this.#rests.get(brokerName);
    if (rest === undefined) return true;
    const restMs = rest.until - this.#clock.now();
    if (restMs > 0 && restMs <= LONGEST_REST_MS) return false;
    this.#rests.delete(brokerName);
    return true;
  }

  /** Whether a broker rests because it failed, and not only because it was slow. */
  hasFailed(brokerName: string): boolean {
    return !this.isAvailable(brokerName) && this.#rests.get(brokerName)?.isFailure === true;
  }

  /** Notes how long an answered attempt took. */
  answered(brokerName: string, latencyMs: number): void {
    const restMs = restFor(latencyMs);
    if (restMs > 0) this.#rests.set(brokerName, { until: this.#clock.now() + restMs, isFailure: false });
    else if (this.#rests.size > 0) this.#rests.delete(brokerName);
  }

  /** Notes that an attempt failed. */
  failed(brokerName: string): void {
    this.#rests.set(brokerName, { until: this.#clock.now() + restFor(FAILURE_LATENCY_MS), isFailure: true });
  }
}

function restFor(latencyMs: number): number {
  for (let level = LATENCY_MS.length - 1; level >= 0; level--) {
    if (latencyMs >= (LATENCY_MS[level] ?? 0)) return REST_MS[level] ?? 0;
  }
  return 0;
}
