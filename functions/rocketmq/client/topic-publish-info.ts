import { NoWritableQueueError } from '../errors.ts';
import { MASTER_ID, PERM_WRITE, type TopicRouteData } from '../protocol/topic-route-data.ts';

/** One queue of a topic. */
export interface MessageQueue {
  readonly topic: string;
  /** Of a static topic, the name of its logical broker. */
  readonly brokerName: string;
  readonly queueId: number;
}

/** Queues of a topic that can be written now, grouped by broker (Java: `TopicPublishInfo`). Immutable. */
export interface TopicPublishInfo {
  readonly topic: string;
  /** With an order configuration and of a static topic all that there are, so that keys keep theirs: some may have no broker now. */
  readonly queues: readonly MessageQueue[];
  /** Names of the brokers of `queues`. */
  readonly brokerNames: ReadonlySet<string>;
  /** Master address by broker name, for the brokers of `queues`. */
  readonly masterAddrs: ReadonlyMap<string, string>;
  /**
   * Master address by broker name, for all brokers of the topic: those too that nothing may be written to now. They go on delivering what
   * they have, asking for the outcome of transactions, and taking messages back.
   */
  readonly allMasterAddrs: ReadonlyMap<string, string>;
  /** Zone by broker name, of the brokers whose zone the route tells. */
  readonly zones: ReadonlyMap<string, string>;
  /** Broker by logical queue, of a static topic only; without the queues that no broker has now. */
  readonly logicalQueues: ReadonlyMap<number, string> | undefined;
  /** Why `queues` is empty, in words; undefined when it is not. */
  readonly emptyReason: string | undefined;
}

/** A queue that can be sent to, as one route tells, and the broker that takes messages for it. Immutable. */
export interface Place {
  readonly queue: MessageQueue;
  readonly brokerName: string;
  readonly addr: string;
  readonly info: TopicPublishInfo;
}

/** Prefix of the broker name that logical queues carry (Java: `MixAll.LOGICAL_QUEUE_MOCK_BROKER_PREFIX`). */
const LOGICAL_BROKER_PREFIX = '__syslo__';

/** More queues than any topic has: a route that tells of more is broken, and making them would take all memory. */
const MOST_QUEUES = 100_000;

/** Name of the broker that has a queue; undefined when it is a logical one that no broker has now. */
export function brokerNameOf(info: TopicPublishInfo, queue: MessageQueue): string | undefined {
  return info.logicalQueues === undefined ? queue.brokerName : info.logicalQueues.get(queue.queueId);
}

/** Where a queue can be sent to; undefined while its broker has no master. */
export function placeOf(info: TopicPublishInfo, queue: MessageQueue): Place | undefined {
  const brokerName = brokerNameOf(info, queue);
  const addr = brokerName === undefined ? undefined : info.masterAddrs.get(brokerName);
  return brokerName === undefined || addr === undefined ? undefined : { queue, brokerName, addr, info };
}

/** Why a message cannot go to a queue now or, without one, to any of the topic; in words. */
export function noPlaceReason(info: TopicPublishInfo, queue: MessageQueue | undefined): string {
  const { emptyReason, logicalQueues, queues } = info;
  if (emptyReason !== undefined) return emptyReason;
  if (queue !== undefined) {
    const brokerName = brokerNameOf(info, queue);
    if (brokerName === undefined) return `no broker has its logical queue ${queue.queueId} now`;
    return `the master of ${brokerName}, which has queue ${queue.queueId}, is gone`;
  }
  if (logicalQueues?.size === 0) return `no broker has any of its ${queues.length} logical queues now`;
  return 'none of its brokers has a master now';
}

/**
 * Queues of a route that can be written (Java: `MQClientInstance.topicRouteData2TopicPublishInfo`): as its order
 * configuration lists them; else the logical queues of a static topic; else those of brokers with a master and with write
 * permission, sorted by broker name.
 */
export function topicPublishInfo(topic: string, route: TopicRouteData): TopicPublishInfo {
  const allMasterAddrs = new Map<string, string>();
  for (const { brokerName, brokerAddrs } of route.brokerDatas) {
    const addr = brokerAddrs[MASTER_ID];
    if (addr !== undefined) allMasterAddrs.set(brokerName, addr);
  }
  const zones = new Map(
    route.brokerDatas.flatMap(({ brokerName, zoneName }) => (zoneName ? [[brokerName, zoneName] as const] : [])),
  );
  const info = queuesOf(topic, route, allMasterAddrs);
  return { zones, allMasterAddrs, brokerNames: new Set(info.queues.map(({ brokerName }) => brokerName)), ...info };
}

/** Addresses of all masters that these topics have. @throws NoWritableQueueError for a topic that has none now */
export function mastersOf(infos: readonly TopicPublishInfo[]): string[] {
  for (const { topic, allMasterAddrs } of infos) {
    if (allMasterAddrs.size === 0) throw new NoWritableQueueError(topic, 'none of its brokers has a master now');
  }
  return [...new Set(infos.flatMap(({ allMasterAddrs }) => [...allMasterAddrs.values()]))];
}

type Queues = Omit<TopicPublishInfo, 'zones' | 'brokerNames' | 'allMasterAddrs'>;

function queuesOf(topic: string, route: TopicRouteData, masterAddrs: ReadonlyMap<string, string>): Queues {
  if (route.orderTopicConf) return orderedInfo(topic, route.orderTopicConf, masterAddrs);
  if (route.topicQueueMappingByBroker !== undefined) return staticInfo(topic, route, masterAddrs);
  return plainInfo(topic, route, masterAddrs);
}

function plainInfo(topic: string, route: TopicRouteData, masters: ReadonlyMap<string, string>): Queues {
  const queues: MessageQueue[] = [];
  const masterAddrs = new Map<string, string>();
  const refusals: string[] = [];
  for (const queueData of route.queueDatas.toSorted((a, b) => (a.brokerName < b.brokerName ? -1 : 1))) {
    const { brokerName, perm, writeQueueNums } = queueData;
    const addr = masters.get(brokerName);
    if ((perm & PERM_WRITE) === 0) refusals.push(`${brokerName} has permission ${perm}, without write`);
    else if (addr === undefined) refusals.push(`${brokerName} has no master now`);
    else if (writeQueueNums === 0) refusals.push(`${brokerName} has 0 write queues`);
    else if (queues.length + writeQueueNums > MOST_QUEUES) {
      refusals.push(`${brokerName} has ${writeQueueNums} write queues, and no topic has over ${MOST_QUEUES}`);
    } else {
      masterAddrs.set(brokerName, addr);
      for (let queueId = 0; queueId < writeQueueNums; queueId++) queues.push({ topic, brokerName, queueId });
    }
  }
  const emptyReason = queues.length > 0 ? undefined : refusals.join(', ') || 'its route lists no queue';
  return { topic, queues, masterAddrs, logicalQueues: undefined, emptyReason };
}

/** `broker-a:4;broker-b:4`: queues in this order whatever brokers are up, so that a key keeps its queue. */
function orderedInfo(topic: string, conf: string, masterAddrs: ReadonlyMap<string, string>): Queues {
  const queues: MessageQueue[] = [];
  for (const entry of conf.split(';')) {
    const [brokerName = '', count = '0'] = entry.split(':');
    const queueCount = /^\d{1,5}$/.test(count) ? Number(count) : 0;
    if (queues.length + queueCount > MOST_QUEUES) continue;
    for (let queueId = 0; queueId < queueCount; queueId++) queues.push({ topic, brokerName, queueId });
  }
  const emptyReason = queues.length > 0 ? undefined : `its order configuration "${conf}" names no queue`;
  return { topic, queues, masterAddrs, logicalQueues: undefined, emptyReason };
}

/**
 * All logical queues, also those that no mapping tells the place of, so that a key keeps its queue: a name server that
 * restarted has no mapping of a broker that is down (Java: `topicRouteData2EndpointsForStaticTopic`).
 */
function staticInfo(topic: string, route: TopicRouteData, masterAddrs: ReadonlyMap<string, string>): Queues {
  const logicalQueues = new Map<number, string>();
  const refusals: string[] = [];
  let queueCount = 0;
  let scope = '';
  // A queue that moved stands in the maps of both brokers for a while: the newer map comes later, and counts.
  const mappings = Object.values(route.topicQueueMappingByBroker ?? {}).toSorted((a, b) => a.epoch - b.epoch);
  for (const { bname, totalQueues, currIdMap, scope: fullScope } of mappings) {
    if (totalQueues > MOST_QUEUES) {
      refusals.push(`${bname} tells of ${totalQueues} logical queues, and no topic has over ${MOST_QUEUES}`);
      continue;
    }
    scope = fullScope.startsWith('__') ? fullScope.slice(2) : fullScope;
    queueCount = Math.max(queueCount, totalQueues);
    for (const id of Object.keys(currIdMap)) logicalQueues.set(Number(id), bname);
  }
  const brokerName = `${LOGICAL_BROKER_PREFIX}${scope}`;
  const queues = Array.from({ length: queueCount }, (_, queueId) => ({ topic, brokerName, queueId }));
  const emptyReason = queues.length > 0 ? undefined : refusals.join(', ') || 'its static mapping has no queue';
  return { topic, queues, masterAddrs, logicalQueues, emptyReason };
}
