export type { InvocationUpkeep } from './client/client-instance.ts';
export type { DueTaskReport } from './client/due-work.ts';
export { checkNameServerAddrs } from './client/name-server-lookup.ts';
export type { MessageQueue } from './client/topic-publish-info.ts';
export type { Clock } from './clock.ts';
export { type Client, createClient } from './create-client.ts';
export { type Deadline, deadlineAfter, earlierOf } from './deadline.ts';
export * from './errors.ts';
export {
  type ClientOptions,
  clientOptionRules,
  type OptionRule,
  type ProducerOptions,
  producerOptionRules,
} from './options.ts';
export type { Message } from './producer/message.ts';
export { groupFault, topicFault } from './producer/names.ts';
export type { Producer, SendOptions } from './producer/producer.ts';
export type { SendOutcome, SendResult, SendStatus } from './producer/send-result.ts';
export { RESERVED_PROPERTIES } from './protocol/message-properties.ts';
export { encodeUniqKey, UNIQ_KEY_ORIGIN_BYTES } from './protocol/uniq-key.ts';
