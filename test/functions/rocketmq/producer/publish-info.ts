import { type TopicPublishInfo, topicPublishInfo } from '../../../../functions/rocketmq/client/topic-publish-info.ts';

/** Queues of a topic on brokers with so many queues each, as a route tells them, with the zones of those that have one. */
export function publishInfo(
  queuesByBroker: Readonly<Record<string, number>>,
  topic = 'orders',
  zones: Readonly<Record<string, string>> = {},
): TopicPublishInfo {
  const brokers = Object.entries(queuesByBroker);
  return topicPublishInfo(topic, {
    orderTopicConf: undefined,
    topicQueueMappingByBroker: undefined,
    queueDatas: brokers.map(([brokerName, queues]) => ({
      brokerName,
      readQueueNums: queues,
      writeQueueNums: queues,
      perm: 6,
      topicSysFlag: 0,
    })),
    brokerDatas: brokers.map(([brokerName], index) => ({
      cluster: 'c',
      brokerName,
      brokerAddrs: { 0: `10.0.0.${index + 1}:10911` },
      ...(zones[brokerName] === undefined ? {} : { zoneName: zones[brokerName] }),
    })),
  });
}
