import type { Deadline } from '../deadline.ts';
import { NoNameServerError, OptionsError } from '../errors.ts';
import { addrFaults } from '../remoting/addr.ts';
import type { NameServerClient } from './name-server-client.ts';
import { called, SharedWork } from './shared-work.ts';

const LATE = 'it did not end by its deadline';

/** Looks name servers up by the given function, and keeps the last good list. */
export class NameServerLookup {
  readonly #fetchAddrs: ((deadline: Deadline) => Promise<readonly string[]>) | undefined;
  readonly #nameServers: NameServerClient;
  readonly #lookups = new SharedWork<boolean>();

  constructor(
    fetchAddrs: ((deadline: Deadline) => Promise<readonly string[]>) | undefined,
    nameServers: NameServerClient,
  ) {
    this.#fetchAddrs = fetchAddrs;
    this.#nameServers = nameServers;
  }

  /** Whether there is anything to look up with. */
  get isPossible(): boolean {
    return this.#fetchAddrs !== undefined;
  }

  /**
   * Looks them up now, or joins the lookup under way; true when the list changed. A function that does not settle by its
   * deadline is not waited for, and what it finds later is not taken.
   * @throws NoNameServerError when the lookup failed, or gave nothing usable; the list in use stays.
   */
  refresh(deadline: Deadline): Promise<boolean> {
    const late = () => this.#failure(new Error(LATE));
    return this.#lookups.run(deadline, (limit) => this.#lookUp(limit), late);
  }

  async #lookUp(deadline: Deadline): Promise<boolean> {
    if (this.#fetchAddrs === undefined) return false;
    const before = this.#nameServers.nameServerAddrs;
    let addrs: readonly string[];
    try {
      addrs = await called(this.#fetchAddrs, deadline, () => new Error(LATE));
      checkNameServerAddrs(addrs);
    } catch (cause) {
      throw this.#failure(cause);
    }
    addrs = [...new Set(addrs)];
    if (addrs.length === before.length && addrs.every((addr) => before.includes(addr))) return false;
    this.#nameServers.update(addrs);
    return true;
  }

  #failure(cause: unknown): NoNameServerError {
    const { nameServerAddrs } = this.#nameServers;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const kept = nameServerAddrs.length > 0 ? `; still using ${nameServerAddrs.join(', ')}` : '';
    return new NoNameServerError(`name servers cannot be looked up: ${reason}${kept}`, nameServerAddrs, cause);
  }
}

/** @throws OptionsError naming every address that is not `host:port`, or that the list is empty. */
export function checkNameServerAddrs(addrs: readonly string[]): void {
  const empty = 'the list is empty; expected host:port, separated by ";"';
  const faults = addrs.length === 0 ? [empty] : addrs.flatMap(addrFaults);
  if (faults.length > 0) throw new OptionsError('name servers', faults);
}
