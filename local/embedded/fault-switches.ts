import type { RemotingCommand } from '../../functions/rocketmq/protocol/remoting-command.ts';
import type { Fault } from './fault.ts';

/** A fault that was switched on. */
export interface ActiveFault {
  readonly fault: Fault;
  /** Requests it has struck so far. */
  readonly strikes: number;
  /** Switches it off. May be called twice. */
  remove(): void;
}

/** The faults of one server: each request is struck by the oldest one that fits it, or by none. */
export class FaultSwitches {
  readonly #active: { fault: Fault; strikes: number }[] = [];

  /** Switches a fault on, until it has struck `times` requests or is removed. */
  add(fault: Fault): ActiveFault {
    const entry = { fault, strikes: 0 };
    this.#active.push(entry);
    return {
      fault,
      get strikes() {
        return entry.strikes;
      },
      remove: () => this.#remove(entry),
    };
  }

  /** Switches every fault off. */
  clear(): void {
    this.#active.length = 0;
  }

  /** The fault that strikes a request, counted as a strike. */
  strike(request: RemotingCommand): Fault | undefined {
    const entry = this.#active.find(({ fault }) => fits(fault, request));
    if (entry === undefined) return undefined;
    entry.strikes++;
    if (entry.strikes === entry.fault.times) this.#remove(entry);
    return entry.fault;
  }

  #remove(entry: { fault: Fault; strikes: number }): void {
    const index = this.#active.indexOf(entry);
    if (index >= 0) this.#active.splice(index, 1);
  }
}

function fits(fault: Fault, request: RemotingCommand): boolean {
  if (fault.times === 0) return false;
  if (fault.codes !== undefined && !fault.codes.includes(request.code)) return false;
  if (fault.topic !== undefined && fault.topic !== (request.extFields.topic ?? request.extFields.b)) return false;
  return fault.when === undefined || fault.when(request);
}
