import { Buffer } from 'node:buffer';
import type { TopicConfig } from '../../../functions/rocketmq/protocol/topic-config.ts';
import { PERM_READ, PERM_WRITE } from '../../../functions/rocketmq/protocol/topic-route-data.ts';
import { isV5 } from '../server-release.ts';
import { PERM_INHERIT } from './topic-table.ts';

/** A topic as error remarks show it (Java: `TopicConfig.toString`). */
export function topicConfigText(config: TopicConfig, version: number): string {
  const { topic, readQueueNums, writeQueueNums, perm, order, attributes } = config;
  const letters = [perm & PERM_READ ? 'R' : '-', perm & PERM_WRITE ? 'W' : '-', perm & PERM_INHERIT ? 'X' : '-'].join(
    '',
  );
  const pairs = Object.entries(attributes).map(([name, value]) => `${name}=${value}`);
  const tail = isV5(version) ? `, attributes={${pairs.join(', ')}}` : '';
  return `TopicConfig [topicName=${topic}, readQueueNums=${readQueueNums}, writeQueueNums=${writeQueueNums}, perm=${letters}, topicFilterType=SINGLE_TAG, topicSysFlag=0, order=${order}${tail}]`;
}

/** A topic as GET_TOPIC_CONFIG answers it. */
export function topicConfigJson({ topic, ...config }: TopicConfig): Buffer {
  const { attributes, order, perm, readQueueNums, writeQueueNums } = config;
  const topicFilterType = 'SINGLE_TAG';
  return Buffer.from(
    JSON.stringify({
      attributes,
      order,
      perm,
      readQueueNums,
      topicFilterType,
      topicName: topic,
      topicSysFlag: 0,
      writeQueueNums,
    }),
  );
}
