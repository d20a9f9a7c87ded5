import { checkAddressMap } from './client/broker-addresses.ts';
import { ClientInstance, type InvocationUpkeep, type ResolvedClientOptions } from './client/client-instance.ts';
import type { DueTaskReport } from './client/due-work.ts';
import { checkNameServerAddrs } from './client/name-server-lookup.ts';
import { securityFaults } from './client/security.ts';
import { type ClientOptions, clientOptionRules } from './client-options.ts';
import { systemClock } from './clock.ts';
import { checkedDeadline, type Deadline } from './deadline.ts';
import { OptionsError } from './errors.ts';
import { checkedTopics, isObject, resolveOptions } from './options.ts';
import { wrapNamespace } from './producer/namespace.ts';
import { Producer, type ProducerCalls } from './producer/producer.ts';
import type { ProducerOptions } from './producer-options.ts';

/** A RocketMQ client: made once in a process, kept over freezes. */
export interface Client {
  /** Name servers in use; empty until they were looked up. */
  readonly nameServerAddrs: readonly string[];
  /** Connections opened since the client exists, by reason: `first`, or what ended the one before. */
  readonly connectionsOpened: ReadonlyMap<string, number>;
  /** Requests and connects under way; 0 when nothing is left behind. */
  readonly pendingCount: number;
  /** The producer of a group; each group has one on a client. @throws OptionsError */
  producer(options: ProducerOptions): ProducerCalls;
  /** Makes sure that name servers are known. Need not be called: the first send does the same. */
  start(deadline?: Deadline): Promise<void>;
  /** For hosts that freeze: call first in each invocation, and `end` the result last. */
  beginInvocation(deadline: Deadline): Promise<InvocationUpkeep>;
  /**
   * How many transactional messages, of any group, the masters of these topics have given up and still keep. Never part of the sum:
   * @throws OptionsError without a topic; what keeps one master from being asked, such as a missing right, or a proxy.
   */
  transactionsGivenUp(topics: readonly string[], deadline: Deadline): Promise<number>;
  /** What each task of the due work did last. */
  dueWorkReport(): DueTaskReport[];
  /** Unregisters and closes. A courtesy: nothing is lost when the process just ends. */
  shutdown(deadline?: Deadline): Promise<void>;
}

/**
 * Makes a client. Builds objects only; nothing is connected before it is needed.
 * @throws OptionsError with all faults at once.
 */
export function createClient(options: ClientOptions): Client {
  const faults: string[] = [];
  const resolved = collect(faults, () => resolveOptions('createClient', options, clientOptionRules));
  // Whoever writes JavaScript may give none; the faults say so.
  const given: ClientOptions = options ?? {};
  const { nameServerAddrs, fetchNameServerAddrs, addressMap } = given;
  if (nameServerAddrs === undefined && fetchNameServerAddrs === undefined) {
    faults.push('give "nameServerAddrs", "fetchNameServerAddrs", or both');
  }
  // What is no list of strings is told by its rule.
  if (Array.isArray(nameServerAddrs) && nameServerAddrs.every((addr) => typeof addr === 'string')) {
    collect(faults, () => checkNameServerAddrs(nameServerAddrs));
  }
  if (isObject(addressMap)) collect(faults, () => checkAddressMap(addressMap));
  faults.push(...securityFaults(given));
  faults.push(...zoneFaults(given));
  if (resolved === undefined || faults.length > 0) throw new OptionsError('createClient', faults);
  const instance = new ClientInstance({ ...resolved, clock: resolved.clock ?? systemClock } as ResolvedClientOptions);
  return {
    get nameServerAddrs() {
      return instance.nameServerAddrs;
    },
    get connectionsOpened() {
      return instance.connectionsOpened;
    },
    get pendingCount() {
      return instance.pendingCount;
    },
    producer: (producerOptions) => new Producer(instance, producerOptions),
    start: async (deadline) => instance.start(deadline && checkedDeadline('client.start', deadline)),
    beginInvocation: async (deadline) => instance.beginInvocation(checkedDeadline('client.beginInvocation', deadline)),
    transactionsGivenUp: async (topics, deadline) => {
      const { transactionsGivenUp } = await import('./producer/rarely-used.ts');
      const { namespace } = instance.options;
      return transactionsGivenUp(
        instance,
        checkedTopics('client.transactionsGivenUp', topics).map((topic) => wrapNamespace(namespace, topic)),
        checkedDeadline('client.transactionsGivenUp', deadline),
      );
    },
    dueWorkReport: () => instance.dueWorkReport(),
    shutdown: async (deadline) => instance.shutdown(deadline && checkedDeadline('client.shutdown', deadline)),
  };
}

function zoneFaults({ zone, fetchZone, brokerZones }: ClientOptions): string[] {
  const faults: string[] = [];
  if (zone !== undefined && fetchZone !== undefined) faults.push('give "zone" or "fetchZone", not both');
  // What is no object is told by its rule.
  if (!isObject(brokerZones)) return faults;
  for (const [brokerName, name] of Object.entries<unknown>(brokerZones)) {
    if (typeof name !== 'string' || name === '') faults.push(`"brokerZones" has no zone for broker "${brokerName}"`);
  }
  if (zone === undefined && fetchZone === undefined && Object.keys(brokerZones).length > 0) {
    faults.push('"brokerZones" has no effect without "zone" or "fetchZone"');
  }
  return faults;
}

/** Makes a check, and adds what it finds wrong to the faults. */
function collect<T>(faults: string[], check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof OptionsError)) throw error;
    faults.push(...error.faults);
    return undefined;
  }
}
