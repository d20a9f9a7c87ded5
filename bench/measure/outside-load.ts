import { availableParallelism } from 'node:os';
import { setTimeout as after } from 'node:timers/promises';
import { machineCpuMs, treeCpuMs } from './process-tree.ts';

/** Share of all cores that others may use before a round counts as disturbed. */
const LARGEST_SHARE = 0.05;
const SAMPLE_MS = 1000;
const CALM_LIMIT_MS = 60_000;

/** Measures what share of the machine others use: processes that the bench did not start, and contenders not in their turn. */
export class OutsideLoad {
  readonly #except: ReadonlySet<number>;
  readonly #startedAt = performance.now();
  readonly #machineMs = machineCpuMs();
  readonly #treeMs: number;

  /** Begins to measure. @param idle contenders that should be idle now: what they use counts as outside. */
  constructor(idle: ReadonlySet<number> = new Set()) {
    this.#except = idle;
    this.#treeMs = treeCpuMs(process.pid, idle);
  }

  /** Share since the beginning: 0 is a quiet machine, 1 one that others keep busy on every core. */
  share(): number {
    const elapsedMs = performance.now() - this.#startedAt;
    const outsideMs = machineCpuMs() - this.#machineMs - (treeCpuMs(process.pid, this.#except) - this.#treeMs);
    return Math.max(0, outsideMs / (elapsedMs * availableParallelism()));
  }

  /** Whether the share is too large to trust what was measured meanwhile. */
  isTooLarge(share: number): boolean {
    return share > LARGEST_SHARE;
  }
}

/**
 * Waits until others leave the machine alone for a second.
 * @returns whether it became calm within the limit.
 */
export async function calmMachine(limitMs = CALM_LIMIT_MS): Promise<boolean> {
  const until = performance.now() + limitMs;
  while (performance.now() < until) {
    const load = new OutsideLoad();
    await after(SAMPLE_MS);
    if (!load.isTooLarge(load.share())) return true;
  }
  return false;
}
