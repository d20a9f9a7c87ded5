import type { Deadline } from '../deadline.ts';
import type { DueTask } from './due-work.ts';

/** Jitter of the name-server lookup, so that sandboxes started together do not ask together. */
const LOOKUP_JITTER = 0.2;

/** What the tasks do, and how often. */
export interface DueTaskParts {
  readonly nameServerPeriodMs: number;
  readonly routePeriodMs: number;
  readonly heartbeatPeriodMs: number;
  readonly isLookupPossible: boolean;
  readonly lookUpNameServers: (deadline: Deadline) => Promise<void>;
  readonly refreshRoutes: (deadline: Deadline) => Promise<void>;
  readonly dropOfflineBrokers: () => void;
  readonly sendHeartbeats: (deadline: Deadline) => Promise<void>;
}

const never = () => Number.POSITIVE_INFINITY;

/** The six scheduled tasks of Java's client (`MQClientInstance.startScheduledTask`), by its names and periods. */
export function dueTasks(parts: DueTaskParts): DueTask[] {
  const { nameServerPeriodMs, routePeriodMs, heartbeatPeriodMs, isLookupPossible } = parts;
  const jittered = () => Math.round(nameServerPeriodMs * (1 + LOOKUP_JITTER * (2 * Math.random() - 1)));
  return [
    {
      name: 'fetchNameServerAddr',
      periodMs: isLookupPossible ? jittered : never,
      ...(isLookupPossible ? {} : { note: 'name servers are given, not looked up' }),
      run: parts.lookUpNameServers,
    },
    { name: 'updateTopicRouteInfoFromNameServer', periodMs: () => routePeriodMs, run: parts.refreshRoutes },
    { name: 'cleanOfflineBroker', periodMs: () => routePeriodMs, run: parts.dropOfflineBrokers },
    { name: 'sendHeartbeatToAllBrokerWithLock', periodMs: () => heartbeatPeriodMs, run: parts.sendHeartbeats },
    { name: 'persistAllConsumerOffset', periodMs: never, note: 'no consumer registered', run: () => undefined },
    {
      name: 'adjustThreadPool',
      periodMs: never,
      note: 'the in-flight window of a broker moves with each answer',
      run: () => undefined,
    },
  ];
}
