import { areKnown } from './known-range.ts';
import type { SynthFault } from './synth-fault.ts';

/** What a cluster can bear, for the check of its functions at synth. */
export interface ConnectionLimits {
  /**
   * Number of brokers (masters) that hold the topics in use. A sandbox opens a connection to each of them, in the end.
   * @default 1
   */
  readonly brokerCount?: number;

  /**
   * The most connections that all functions of this cluster together may hold to its brokers.
   * @default - not checked
   */
  readonly connectionBudget?: number;
}

/** How many sandboxes a function can have at the same time. */
export interface SandboxLimit {
  /** Path of the construct, for the text of faults. */
  readonly path: string;
  /** Nothing when nobody limits it but the account. */
  readonly sandboxes: number | undefined;
  /** The most brokers that one sandbox uses; nothing for all. */
  readonly brokersPerSandbox?: number | undefined;
}

/** Adds up what the functions of one cluster can open, sandbox by sandbox and broker by broker. */
export class ConnectionBudget {
  readonly #brokers: number;
  readonly #budget: number | undefined;
  readonly #planned: { readonly path: string; readonly connections: number }[] = [];

  constructor({ brokerCount = 1, connectionBudget }: ConnectionLimits) {
    this.#brokers = brokerCount;
    this.#budget = connectionBudget;
  }

  /** Adds a function. Returns what is wrong with the sum so far, as an error or a warning; nothing without a budget. */
  add({ path, sandboxes, brokersPerSandbox = this.#brokers }: SandboxLimit): {
    readonly error?: SynthFault;
    readonly warning?: SynthFault;
  } {
    if (this.#budget === undefined || !areKnown(this.#budget, this.#brokers)) return {};
    if (sandboxes === undefined) return { warning: unlimitedSandboxes };
    if (!areKnown(sandboxes)) return {};
    const brokers = areKnown(brokersPerSandbox) ? Math.min(this.#brokers, brokersPerSandbox) : this.#brokers;
    this.#planned.push({ path, connections: sandboxes * brokers });
    const sum = this.#planned.reduce((total, { connections }) => total + connections, 0);
    if (sum <= this.#budget) return {};
    const parts = this.#planned.map((planned) => `${planned.path} ${planned.connections}`).join(', ');
    const text = `The functions of this cluster can open ${sum} connections to its ${this.#brokers} brokers (${parts}), and its connectionBudget is ${this.#budget}. Lower their concurrency, or raise connectionBudget where the brokers can bear it.`;
    return { error: { id: 'connection-budget', text } };
  }
}

/** Faults of the limits themselves. */
export function connectionLimitFaults({ brokerCount = 1, connectionBudget = 1 }: ConnectionLimits): SynthFault[] {
  return Object.entries({ brokerCount, connectionBudget })
    .filter(([, value]) => areKnown(value) && !(Number.isInteger(value) && value >= 1))
    .map(([name, value]) => ({
      id: 'connection-budget',
      text: `${name} is ${value}; give a whole number of at least 1.`,
    }));
}

const unlimitedSandboxes: SynthFault = {
  id: 'connection-budget-unknown',
  text: 'The cluster has a connectionBudget, but nothing that is known at synth limits how many sandboxes this function has, so it is not counted. Give functionOptions.reservedConcurrentExecutions.',
};
