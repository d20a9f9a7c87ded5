import { randomBytes } from 'node:crypto';
import type { Message } from '#rocketmq';
import type { ContractCluster } from './clusters.ts';

/** A message that has to be stored as it was meant. Capabilities to come add rows. */
export interface MessageCase {
  readonly title: string;
  readonly message: Omit<Message, 'topic'>;
  /** Properties read back, beside the message id and what the broker adds of its own. */
  readonly properties: Readonly<Record<string, string>>;
}

const LARGEST_BODY_BYTES = 4_194_304;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);

/** Nearly the 32,000 bytes of properties that the producer sends at the most. */
const manyProperties = Object.fromEntries(
  Array.from({ length: 62 }, (_, index) => [`property-${index}`, 'ü'.repeat(250)]),
);

export const messageCases: readonly MessageCase[] = [
  { title: 'a body and nothing else', message: { body: 'plain' }, properties: { WAIT: 'true' } },
  {
    title: 'a tag, keys, properties and a flag',
    message: {
      body: 'all of it',
      tag: 'created',
      keys: ['order-1', 'customer/7'],
      properties: { region: 'eu', 'x-trace': 'a=b&c', 名前: 'größer ✓', constructor: 'an own one' },
      flag: -7,
    },
    properties: {
      TAGS: 'created',
      KEYS: 'order-1 customer/7',
      region: 'eu',
      'x-trace': 'a=b&c',
      名前: 'größer ✓',
      constructor: 'an own one',
      WAIT: 'true',
    },
  },
  {
    title: 'every option of a normal message at once',
    message: {
      body: 'everything',
      tag: 'τ',
      keys: ['k1', 'κ2'],
      properties: { p: 'v' },
      flag: 2_147_483_647,
      shardingKey: 's',
      waitStoreMsgOk: false,
    },
    properties: { TAGS: 'τ', KEYS: 'k1 κ2', p: 'v', __SHARDINGKEY: 's', WAIT: 'false' },
  },
  {
    title: 'waitStoreMsgOk: false',
    message: { body: 'not waited for', waitStoreMsgOk: false },
    properties: { WAIT: 'false' },
  },
  {
    title: 'a sharding key',
    message: { body: 'of a key', shardingKey: '顧客-3' },
    properties: { __SHARDINGKEY: '顧客-3', WAIT: 'true' },
  },
  { title: 'a body in UTF-8', message: { body: '消息 – ünïcödé 🚀\u2028' }, properties: { WAIT: 'true' } },
  { title: 'every byte there is', message: { body: EVERY_BYTE }, properties: { WAIT: 'true' } },
  { title: 'one byte', message: { body: Uint8Array.of(0) }, properties: { WAIT: 'true' } },
  {
    title: 'the largest body that brokers take by default, 4 MiB',
    // Random, so that compressing it gains nothing.
    message: { body: randomBytes(LARGEST_BODY_BYTES) },
    properties: { WAIT: 'true' },
  },
  {
    title: 'properties of the largest size',
    message: { body: 'much said', properties: manyProperties },
    properties: { ...manyProperties, WAIT: 'true' },
  },
];

/** What a broker makes of the properties it was sent: 5.x adds its region and whether it traces; 4.9 drops WAIT. */
export function storedProperties(
  kind: ContractCluster['kind'],
  sent: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { WAIT, ...others } = sent;
  if (kind === '4.9.5') return { ...others, CLUSTER: 'DefaultCluster' };
  return { ...sent, CLUSTER: 'DefaultCluster', MSG_REGION: 'DefaultRegion', TRACE_ON: 'true' };
}
