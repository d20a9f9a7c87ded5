import type { MessageQueue } from '../client/topic-publish-info.ts';
import type { Deadline } from '../deadline.ts';
import { MessageError, NoWritableQueueError } from '../errors.ts';
import type { Message } from './message.ts';
import type { PreparedMessage } from './prepared-message.ts';
import type { SendLoop } from './send-loop.ts';
import type { SendOptions } from './send-options.ts';

/**
 * The queue that a message must go to, by its sharding key or as the caller wants it; undefined when any will do.
 * @param wrapTopic name of a topic as the cluster knows it.
 * @throws MessageError when several things choose; NoWritableQueueError when the queue is not there, and what keeps its topic
 * from being known
 */
export async function chosenQueue(
  sendLoop: Pick<SendLoop, 'publishInfo' | 'queueOf'>,
  wrapTopic: (topic: string) => string,
  message: Message,
  { topic, shardingKey }: PreparedMessage,
  { queue, selectQueue }: SendOptions,
  deadline: Deadline,
): Promise<MessageQueue | undefined> {
  if ([shardingKey, queue, selectQueue].filter((given) => given !== undefined).length > 1) {
    throw new MessageError('queue', 'give one of shardingKey, queue and selectQueue, not several');
  }
  if (shardingKey !== undefined) return sendLoop.queueOf(topic, shardingKey, deadline);
  if (queue === undefined && selectQueue === undefined) return undefined;
  const { queues } = await sendLoop.publishInfo(topic, deadline);
  const bare = queues.map((each) => ({ ...each, topic: message.topic }));
  if (queue !== undefined && wrapTopic(queue.topic) !== topic) {
    throw new MessageError('queue', `the queue is one of topic "${queue.topic}", not of "${message.topic}"`);
  }
  const wanted = queue ?? selectQueue?.(bare, message);
  const found = queues.find((each) => each.brokerName === wanted?.brokerName && each.queueId === wanted.queueId);
  if (found !== undefined) return found;
  throw new NoWritableQueueError(
    topic,
    `queue ${wanted?.queueId} of ${wanted?.brokerName} is none of its writable queues`,
  );
}
