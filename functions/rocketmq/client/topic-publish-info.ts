import { MASTER_ID, PERM_WRITE, type TopicRouteData } from '../protocol/topic-route-data.ts';

/** One queue of a topic. */
export interface MessageQueue {
  readonly topic: string;
  readonly brokerName: string;
  readonly queueId: number;
}

/** Queues of a topic that can be written now, grouped by broker (Java: `TopicPublishInfo`). Immutable. */
export interface TopicPublishInfo {
  readonly topic: string;
  readonly queues: readonly MessageQueue[];
  /** Master address by broker name, for the brokers of `queues`. */
  readonly masterAddrs: ReadonlyMap<string, string>;
  /** Why `queues` is empty, in words; undefined when it is not. */
  readonly emptyReason: string | undefined;
}

/**
 * Queues of a route that can be written: those of brokers with a master and with write permission, sorted by broker name
 * (Java: `MQClientInstance.topicRouteData2TopicPublishInfo`).
 */
export function topicPublishInfo(topic: string, route: TopicRouteData): TopicPublishInfo {
  const queues: MessageQueue[] = [];
  const masterAddrs = new Map<string, string>();
  const refusals: string[] = [];
  for (const queueData of route.queueDatas.toSorted((a, b) => (a.brokerName < b.brokerName ? -1 : 1))) {
    const { brokerName, perm, writeQueueNums } = queueData;
    const broker = route.brokerDatas.find((data) => data.brokerName === brokerName);
    const masterAddr = broker?.brokerAddrs[MASTER_ID];
    if ((perm & PERM_WRITE) === 0) refusals.push(`${brokerName} has permission ${perm}, without write`);
    else if (masterAddr === undefined) refusals.push(`${brokerName} has no master now`);
    else if (writeQueueNums === 0) refusals.push(`${brokerName} has 0 write queues`);
    else {
      masterAddrs.set(brokerName, masterAddr);
      for (let queueId = 0; queueId < writeQueueNums; queueId++) queues.push({ topic, brokerName, queueId });
    }
  }
  const emptyReason = queues.length > 0 ? undefined : refusals.join(', ') || 'its route lists no queue';
  return { topic, queues, masterAddrs, emptyReason };
}
