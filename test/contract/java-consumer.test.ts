import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Message, Producer } from '#rocketmq';
import { decodeProperties } from '../../functions/rocketmq/protocol/message-properties.ts';
import { runJava } from '../../local/real/run-java.ts';
import { needsRealRocketMQ } from '../local/real/needs-real-rocketmq.ts';
import { type CapabilityCluster, useCapabilityCluster } from './capabilities-cluster.ts';
import { CLUSTER_START_LIMIT_MS, contractKinds, freshTopic, uniqueName } from './clusters.ts';

const source = fileURLToPath(new URL('JavaConsumer.java', import.meta.url));
const LARGE = Buffer.from(Array.from({ length: 2000 }, (_, index) => `Zeile ${index} – ü\n`).join(''));
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index);

/** What is sent, and by what kind of producer. */
type Sending = (producer: (options?: Parameters<CapabilityCluster['newProducer']>[0]) => Producer) => {
  readonly messages: readonly Omit<Message, 'topic'>[];
  readonly by: Producer;
};

const everywhere: readonly Sending[] = [
  (producer) => ({
    by: producer(),
    messages: [
      { body: 'plain' },
      { body: EVERY_BYTE, tag: 'täg', keys: ['k-1', '鍵'], properties: { region: 'eu', 名前: 'größer ✓' } },
      { body: 'keyed', shardingKey: '顧客-3', tag: 't' },
      { body: 'delayed by a level', delayLevel: 1, keys: ['k-2'], properties: { p: 'v' } },
      { body: LARGE, tag: 'zlib', properties: { p: 'v' } },
    ],
  }),
  (producer) => ({ by: producer({ trace: true }), messages: [{ body: 'traced', tag: 't', keys: ['k-3'] }] }),
];
const on5: readonly Sending[] = [
  (producer) => ({
    by: producer(),
    messages: [{ body: 'delayed by time', delayMs: 1500, tag: 'timer', keys: ['k-4'] }],
  }),
];
const forClient5: readonly Sending[] = [
  (producer) => ({ by: producer({ compression: 'ZSTD' }), messages: [{ body: LARGE, tag: 'zstd', keys: ['k-5'] }] }),
];
const batch: readonly Omit<Message, 'topic'>[] = [
  { body: 'batch 1', tag: 'b1', keys: ['b', '1'], properties: { n: '1' } },
  { body: 'batch 2', properties: { n: '2' } },
  { body: 'batch 3', tag: 'b3' },
];

/** The pull consumer of the Java client 5.5.0 gets nothing from a broker 4.9.5, of a Java producer's messages neither. */
const consumersOf = (kind: (typeof contractKinds)[number]) =>
  (
    [
      ['5.5.0', 'push'],
      ['5.5.0', 'pull'],
      ['4.9.5', 'push'],
      ['4.9.5', 'pull'],
    ] as const
  ).filter(([client, mode]) => !(kind === '4.9.5' && client === '5.5.0' && mode === 'pull'));

/** One message, as a Java consumer or its sender has it. */
interface Seen {
  readonly msgId: string;
  readonly tag: string;
  readonly keys: string;
  readonly body: string;
  readonly properties: Readonly<Record<string, string>>;
}

describe.each(contractKinds)('on %s', (kind) => {
  const on = useCapabilityCluster(kind);
  beforeEach(needsRealRocketMQ);

  test.each(consumersOf(kind))(
    'a consumer of the Java client %s gets every kind of message by %s as it was sent',
    async (client, mode) => {
      const topic = await freshTopic(on.cluster, 2);
      const sent: Seen[] = [];
      const note = (message: Omit<Message, 'topic'>, msgId: string) => sent.push(seen(message, msgId));
      const sendings = [...everywhere, ...(kind === '4.9.5' ? [] : on5), ...(client === '5.5.0' ? forClient5 : [])];
      for (const sending of sendings) {
        const { by, messages } = sending((options) => on.newProducer(options));
        for (const message of messages) note(message, (await by.send({ ...message, topic })).msgId);
      }
      const outcomes = await on.newProducer().sendAll(batch.map((message) => ({ ...message, topic })));
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === 'stored') note(batch[index] ?? { body: '' }, outcome.result.msgId);
      }
      const { stdout, stderr, exitCode } = await runJava(
        client,
        source,
        [on.cluster.nameServerAddrs[0] ?? '', topic, mode, `${sent.length}`, uniqueName('consumer')],
        { timeoutMs: 240_000, javaArgs: ['-Dfile.encoding=UTF-8'] },
      );
      expect(exitCode, `${stderr}${stdout}`).toBe(0);
      const received = stdout.split('\n').flatMap((line) => (line.startsWith('received ') ? [parsed(line)] : []));
      expect(received).toHaveLength(sent.length);
      const byId = (a: Seen, b: Seen) => (a.msgId < b.msgId ? -1 : 1);
      expect(received.toSorted(byId)).toEqual(
        sent.toSorted(byId).map((each) => ({ ...each, properties: expect.objectContaining(each.properties) })),
      );
    },
    CLUSTER_START_LIMIT_MS,
  );
});

function seen({ body, tag, keys, properties, shardingKey }: Omit<Message, 'topic'>, msgId: string): Seen {
  return {
    msgId,
    tag: tag ?? 'null',
    keys: keys?.join(' ') ?? 'null',
    body: Buffer.from(body).toString('base64'),
    properties: { ...properties, UNIQ_KEY: msgId, ...(shardingKey !== undefined && { __SHARDINGKEY: shardingKey }) },
  };
}

function parsed(line: string): Seen {
  const [, msgId = '', tag = '', keys = '', body = '', properties = ''] = line.split(' ');
  const text = (encoded: string) => Buffer.from(encoded, 'base64').toString();
  return { msgId: text(msgId), tag: text(tag), keys: text(keys), body, properties: decodeProperties(text(properties)) };
}
